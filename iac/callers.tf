# Who may call a stage, and who may administer it: the text of the policies, and managed policies to attach.

locals {
  # AWS asks for both permissions. The second holds for calls through the URL alone: who could invoke the proxy directly
  # could tell it that somebody else is calling. The URL belongs to the alias, which has an ARN of its own.
  caller_policies = { for stage, proxy in aws_lambda_function.proxy : stage => jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "CallTheUrl"
        Effect    = "Allow"
        Action    = "lambda:InvokeFunctionUrl"
        Resource  = [proxy.arn, aws_lambda_alias.proxy[stage].arn]
        Condition = { StringEquals = { "lambda:FunctionUrlAuthType" = "AWS_IAM" } }
      },
      {
        Sid       = "AndOnlyTheUrl"
        Effect    = "Allow"
        Action    = "lambda:InvokeFunction"
        Resource  = [proxy.arn, aws_lambda_alias.proxy[stage].arn]
        Condition = { Bool = { "lambda:InvokedViaFunctionUrl" = "true" } }
      },
      {
        # Clients that are told a stage's name alone ask AWS for its URL.
        Sid      = "FindTheUrl"
        Effect   = "Allow"
        Action   = "lambda:ListFunctionUrlConfigs"
        Resource = proxy.arn
      },
    ]
  }) }

  admin_policies = { for stage, admin in aws_lambda_function.admin : stage => jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "Administer", Effect = "Allow", Action = "lambda:InvokeFunction", Resource = admin.arn }]
  }) }
}

resource "aws_iam_policy" "caller" {
  for_each = var.managed_policies ? var.stages : {}

  name        = "${local.iam_names[each.key].proxy}-caller"
  description = "May call the Farebox stage ${each.key}"
  policy      = local.caller_policies[each.key]
}

resource "aws_iam_policy" "admin" {
  for_each = var.managed_policies ? var.stages : {}

  name        = "${local.iam_names[each.key].admin}-invoke"
  description = "May administer the Farebox stage ${each.key}: its projects, limits and usage"
  policy      = local.admin_policies[each.key]
}
