# The proxy: the only function that callers reach, by its URL, and which asks OpenAI with the stage's key.

resource "aws_lambda_function" "proxy" {
  for_each = var.stages

  function_name                  = local.functions[each.key].proxy
  description                    = "Farebox: the OpenAI API behind hard limits, stage ${each.key}"
  role                           = aws_iam_role.proxy[each.key].arn
  filename                       = local.packages.proxy
  source_code_hash               = filebase64sha256(local.packages.proxy)
  runtime                        = "nodejs22.x"
  architectures                  = ["arm64"]
  handler                        = "index.handler"
  memory_size                    = each.value.memory_mb
  timeout                        = 900
  reserved_concurrent_executions = each.value.max_concurrency == null ? -1 : each.value.max_concurrency
  publish                        = true

  environment {
    variables = { for name, value in merge(local.environment[each.key], local.alert_environment[each.key], {
      OPENAI_SECRET_ARN = local.secret_arns[each.key]
      TRUSTED_CALLERS   = join(",", each.value.trusted_callers)
      CACHE_NODES       = local.cluster_nodes[each.key]
      CACHE_TABLE       = try(aws_dynamodb_table.answers[each.key].name, null)
    }) : name => value if value != null && value != "" }
  }

  # Plain text: Lambda would wrap lines that are JSON, and CloudWatch then find no metrics in them.
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.proxy[each.key].name
  }

  tracing_config {
    mode = local.xray_mode
  }

  dynamic "vpc_config" {
    for_each = local.uses_cluster[each.key] ? [1] : []
    content {
      subnet_ids         = aws_subnet.private[*].id
      security_group_ids = [aws_security_group.functions[0].id]
    }
  }

  # A function that starts before it may read its table, or its network is up, fails its first calls.
  depends_on = [
    aws_iam_role_policy.proxy_logs, aws_iam_role_policy.proxy_books, aws_iam_role_policy.proxy_secret,
    aws_iam_role_policy.proxy_network, aws_route.to_internet,
  ]
}

resource "aws_lambda_alias" "proxy" {
  for_each = var.stages

  name             = "live"
  description      = "What callers reach"
  function_name    = aws_lambda_function.proxy[each.key].function_name
  function_version = aws_lambda_function.proxy[each.key].version
}

resource "aws_lambda_function_url" "proxy" {
  for_each = var.stages

  function_name      = aws_lambda_function.proxy[each.key].function_name
  qualifier          = aws_lambda_alias.proxy[each.key].name
  authorization_type = "AWS_IAM"
  invoke_mode        = "RESPONSE_STREAM"
}

resource "aws_cloudwatch_log_group" "proxy" {
  for_each = var.stages

  name              = "/aws/lambda/${local.functions[each.key].proxy}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "proxy" {
  for_each = var.stages

  name               = local.iam_names[each.key].proxy
  assume_role_policy = local.lambda_assume_role
}

resource "aws_iam_role_policy" "proxy_logs" {
  for_each = var.stages

  name = "logs"
  role = aws_iam_role.proxy[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.proxy[each.key].arn}:*"
    }]
  })
}

resource "aws_iam_role_policy" "proxy_books" {
  for_each = var.stages

  name = "books"
  role = aws_iam_role.proxy[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = local.books_actions, Resource = aws_dynamodb_table.books[each.key].arn },
      local.deletes_policy_statements[each.key].owners,
    ]
  })
}

resource "aws_iam_role_policy" "proxy_secret" {
  for_each = var.stages

  name   = "openai-key"
  role   = aws_iam_role.proxy[each.key].id
  policy = local.openai_key_policies[each.key]
}

resource "aws_iam_role_policy" "proxy_answers" {
  for_each = aws_dynamodb_table.answers

  name = "answers"
  role = aws_iam_role.proxy[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"]
      Resource = each.value.arn
    }]
  })
}

resource "aws_iam_role_policy" "proxy_alerts" {
  for_each = local.budget_stages

  name   = "alerts"
  role   = aws_iam_role.proxy[each.key].id
  policy = local.alert_policies[each.key]
}

# What Lambda needs to attach the function to the VPC. AWS offers nothing narrower than "*" for most of it, so the
# function's own code is denied what the service may do.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
resource "aws_iam_role_policy" "proxy_network" {
  for_each = { for stage, settings in var.stages : stage => settings if local.uses_cluster[stage] }

  name = "network"
  role = aws_iam_role.proxy[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = local.network_actions, Resource = "*" },
      {
        Effect   = "Deny"
        Action   = local.network_actions
        Resource = "*"
        Condition = { ArnEquals = {
          "lambda:SourceFunctionArn" = "arn:${local.partition}:lambda:${var.region}:${local.account}:function:${local.functions[each.key].proxy}"
        } }
      },
    ]
  })
}

resource "aws_iam_role_policy" "proxy_xray" {
  for_each = local.xray_stages

  name   = "xray"
  role   = aws_iam_role.proxy[each.key].id
  policy = local.xray_policy
}
