# Where alarms go, and who hears of them. CloudWatch can publish to no topic that AWS's own key encrypts.

resource "aws_sns_topic" "alerts" {
  for_each = var.stages

  name         = "${local.prefix}openai-alerts-${each.key}"
  display_name = "Tollgate ${each.key}"
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
