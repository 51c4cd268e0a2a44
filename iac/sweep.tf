# The sweep settles what dead functions left behind: each minute, and in depth each hour.

locals {
  sweeps = merge([for stage in keys(var.stages) : {
    "${stage}/minute" = { stage = stage, name = "minute", rate = "rate(1 minute)", event = {} }
    "${stage}/hour"   = { stage = stage, name = "hour", rate = "rate(1 hour)", event = { deep = true } }
  }]...)
}

resource "aws_lambda_function" "sweep" {
  for_each = var.stages

  function_name    = local.functions[each.key].sweep
  description      = "Farebox: settles what dead functions left behind, stage ${each.key}"
  role             = aws_iam_role.sweep[each.key].arn
  filename         = local.packages.sweep
  source_code_hash = filebase64sha256(local.packages.sweep)
  runtime          = "nodejs22.x"
  architectures    = ["arm64"]
  handler          = "index.handler"
  memory_size      = 512
  timeout          = 900

  environment {
    variables = { for name, value in merge(local.environment[each.key], local.alert_environment[each.key], {
      OPENAI_SECRET_ARN = local.secret_arns[each.key]
    }) : name => value if value != "" }
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.sweep[each.key].name
  }

  tracing_config {
    mode = local.xray_mode
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.dead_letters[each.key].arn
  }

  depends_on = [
    aws_iam_role_policy.sweep_logs, aws_iam_role_policy.sweep_books, aws_iam_role_policy.sweep_secret,
    aws_iam_role_policy.sweep_dead_letters,
  ]
}

# The next sweep does what a failed one did not: nothing is gained by trying the same again.
resource "aws_lambda_function_event_invoke_config" "sweep" {
  for_each = var.stages

  function_name                = aws_lambda_function.sweep[each.key].function_name
  maximum_event_age_in_seconds = 300
  maximum_retry_attempts       = 0
}

resource "aws_scheduler_schedule" "sweep" {
  for_each = local.sweeps

  name                = "${local.functions[each.value.stage].sweep}-${each.value.name}"
  schedule_expression = each.value.rate

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.sweep[each.value.stage].arn
    role_arn = aws_iam_role.schedule[each.value.stage].arn
    input    = jsonencode(each.value.event)

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters[each.value.stage].arn
    }
    retry_policy {
      maximum_event_age_in_seconds = 300
      maximum_retry_attempts       = 3
    }
  }
}

# Sweeps that failed, or could not be started. Nothing is to be done with them but to see that there are any.
resource "aws_sqs_queue" "dead_letters" {
  for_each = var.stages

  name                      = "${local.functions[each.key].sweep}-dead-letters"
  message_retention_seconds = 86400
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_log_group" "sweep" {
  for_each = var.stages

  name              = "/aws/lambda/${local.functions[each.key].sweep}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "sweep" {
  for_each = var.stages

  name               = local.iam_names[each.key].sweep
  assume_role_policy = local.lambda_assume_role
}

resource "aws_iam_role_policy" "sweep_logs" {
  for_each = var.stages

  name = "logs"
  role = aws_iam_role.sweep[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.sweep[each.key].arn}:*"
    }]
  })
}

resource "aws_iam_role_policy" "sweep_books" {
  for_each = var.stages

  name   = "books"
  role   = aws_iam_role.sweep[each.key].id
  policy = local.books_and_lists_policy[each.key]
}

resource "aws_iam_role_policy" "sweep_secret" {
  for_each = var.stages

  name   = "openai-key"
  role   = aws_iam_role.sweep[each.key].id
  policy = local.openai_key_policies[each.key]
}

resource "aws_iam_role_policy" "sweep_alerts" {
  for_each = local.budget_stages

  name   = "alerts"
  role   = aws_iam_role.sweep[each.key].id
  policy = local.alert_policies[each.key]
}

resource "aws_iam_role_policy" "sweep_dead_letters" {
  for_each = var.stages

  name = "dead-letters"
  role = aws_iam_role.sweep[each.key].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.dead_letters[each.key].arn }]
  })
}

resource "aws_iam_role_policy" "sweep_xray" {
  for_each = local.xray_stages

  name   = "xray"
  role   = aws_iam_role.sweep[each.key].id
  policy = local.xray_policy
}

# Where the admin can read OpenAI's invoice, it compares it each day with the books of the day before.
resource "aws_scheduler_schedule" "reconcile" {
  for_each = local.reconciled_stages

  name                = "${local.functions[each.key].admin}-reconcile"
  schedule_expression = "cron(0 6 * * ? *)" # some hours after midnight UTC, as OpenAI is late

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.admin[each.key].arn
    role_arn = aws_iam_role.schedule[each.key].arn
    input    = jsonencode({ command = "reconcile", alarm = true })

    dead_letter_config {
      arn = aws_sqs_queue.dead_letters[each.key].arn
    }
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }
}

# What the schedules may do: start the sweep of their stage, and its admin where that has something to compare.
resource "aws_iam_role" "schedule" {
  for_each = var.stages

  name = "${local.iam_names[each.key].sweep}-at"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "schedule_sweep" {
  for_each = var.stages

  name = "sweep"
  role = aws_iam_role.schedule[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = concat([aws_lambda_function.sweep[each.key].arn], contains(keys(local.reconciled_stages), each.key) ? [aws_lambda_function.admin[each.key].arn] : [])
      },
      { Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.dead_letters[each.key].arn },
    ]
  })
}
