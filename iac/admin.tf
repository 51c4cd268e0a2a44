# The admin: limits, projects, usage. Who may invoke it may do everything on its stage; it cannot read the OpenAI key.

locals {
  reconciled_stages = { for stage, settings in var.stages : stage => settings if settings.openai_admin_secret_arn != null }
}

resource "aws_lambda_function" "admin" {
  for_each = var.stages

  function_name    = local.functions[each.key].admin
  description      = "Farebox: limits, projects and usage of the stage ${each.key}"
  role             = aws_iam_role.admin[each.key].arn
  filename         = local.packages.admin
  source_code_hash = filebase64sha256(local.packages.admin)
  runtime          = "nodejs22.x"
  architectures    = ["arm64"]
  handler          = "index.handler"
  memory_size      = 512
  timeout          = 300

  environment {
    variables = { for name, value in merge(local.environment[each.key], {
      OPENAI_ADMIN_SECRET_ARN = each.value.openai_admin_secret_arn
      OPENAI_PROJECT_ID       = each.value.openai_admin_secret_arn == null ? null : each.value.openai_project
    }) : name => value if value != null && value != "" }
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.admin[each.key].name
  }

  tracing_config {
    mode = local.xray_mode
  }

  depends_on = [aws_iam_role_policy.admin_logs, aws_iam_role_policy.admin_books]
}

# The limits on the whole stage. One that is no longer named here stays until the admin is told to remove it.
resource "aws_lambda_invocation" "limit" {
  for_each = merge([for stage, settings in var.stages : {
    for period, amount in settings.limits : "${stage}/${period}" => { stage = stage, period = period, amount = amount }
  }]...)

  function_name = aws_lambda_function.admin[each.value.stage].function_name
  input         = jsonencode({ command = "set-limit", period = each.value.period, limit = each.value.amount })

  lifecycle {
    postcondition {
      condition     = !can(jsondecode(self.result).error)
      error_message = "The admin of the stage ${each.value.stage} did not set its limit. Try again with -replace='aws_lambda_invocation.limit[\"${each.key}\"]'. It said: ${self.result}"
    }
  }
}

resource "aws_cloudwatch_log_group" "admin" {
  for_each = var.stages

  name              = "/aws/lambda/${local.functions[each.key].admin}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "admin" {
  for_each = var.stages

  name               = local.iam_names[each.key].admin
  assume_role_policy = local.lambda_assume_role
}

resource "aws_iam_role_policy" "admin_logs" {
  for_each = var.stages

  name = "logs"
  role = aws_iam_role.admin[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.admin[each.key].arn}:*"
    }]
  })
}

resource "aws_iam_role_policy" "admin_books" {
  for_each = var.stages

  name = "books"
  role = aws_iam_role.admin[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(jsondecode(local.books_and_lists_policy[each.key]).Statement, [local.deletes_policy_statements[each.key].owners_and_prices])
  })
}

# A credential of its own: it reads what OpenAI billed, and makes no call.
resource "aws_iam_role_policy" "admin_secret" {
  for_each = local.reconciled_stages

  name = "openai-admin-key"
  role = aws_iam_role.admin[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = each.value.openai_admin_secret_arn }]
  })
}

resource "aws_iam_role_policy" "admin_xray" {
  for_each = local.xray_stages

  name   = "xray"
  role   = aws_iam_role.admin[each.key].id
  policy = local.xray_policy
}
