# Where alarms go, and who hears of them. CloudWatch can publish to no topic that AWS's own key encrypts.

resource "aws_sns_topic" "alerts" {
  for_each = var.stages

  name         = "${local.prefix}openai-alerts-${each.key}"
  display_name = "Farebox ${each.key}"
}

# Without a policy of its own the topic would take messages from everybody in the account.
resource "aws_sns_topic_policy" "alerts" {
  for_each = var.stages

  arn = aws_sns_topic.alerts[each.key].arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Alarms"
      Effect    = "Allow"
      Action    = "sns:Publish"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Resource  = aws_sns_topic.alerts[each.key].arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${var.region}:${local.account}:alarm:*" }
      }
    }]
  })
}

resource "aws_sns_topic_subscription" "alerts" {
  for_each = merge([for stage, settings in var.stages : {
    for address in settings.alert_emails : "${stage}/${address}" => { stage = stage, address = address }
  }]...)

  topic_arn = aws_sns_topic.alerts[each.value.stage].arn
  protocol  = "email"
  endpoint  = each.value.address
}

# Who tells of limits that are used up: the functions that book, on their own stage's topic.
locals {
  budget_stages = { for stage, settings in var.stages : stage => settings if length(settings.budget_thresholds) > 0 }

  alert_environment = { for stage, settings in var.stages : stage => {
    ALERT_TOPIC_ARN   = aws_sns_topic.alerts[stage].arn
    BUDGET_THRESHOLDS = length(settings.budget_thresholds) > 0 ? join(",", settings.budget_thresholds) : "none"
  } }
  alert_policies = { for stage, topic in aws_sns_topic.alerts : stage => jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = topic.arn }]
  }) }
}
