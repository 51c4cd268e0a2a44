# One alarm for each thing that somebody must look into; docs/operations.md says what each means.

locals {
  # Metrics that the functions write: so many of them in so many seconds.
  alarm_bounds = {
    # Somebody is to be woken at the first.
    internal_error     = { more_than = 0, seconds = 60 }
    ledger_unreachable = { more_than = 0, seconds = 60 }
    openai_key_refused = { more_than = 0, seconds = 60 }
    # To be seen in the morning.
    model_unpriced       = { more_than = 2, seconds = 3600 }
    over_hold            = { more_than = 0, seconds = 300 }
    unknown_tier         = { more_than = 0, seconds = 300 }
    unpriced             = { more_than = 0, seconds = 300 }
    unpriced_tier        = { more_than = 0, seconds = 300 }
    unsettled            = { more_than = 0, seconds = 300 }
    reconcile_difference = { more_than = 0, seconds = 300 }
    ledger_fault         = { more_than = 0, seconds = 300 }
    # When there are more than usual.
    alert_unpublished        = { more_than = 2, seconds = 3600 }
    broken                   = { more_than = 10, seconds = 3600 }
    cache_entry_rejected     = { more_than = 10, seconds = 3600 }
    cache_fault              = { more_than = 10, seconds = 3600 }
    cache_secret_unavailable = { more_than = 10, seconds = 3600 }
    hit_unbooked             = { more_than = 10, seconds = 3600 }
    no_usage                 = { more_than = 10, seconds = 3600 }
    object_unowned           = { more_than = 10, seconds = 3600 }
    reconcile_failed         = { more_than = 0, seconds = 300 }
    sweep_failed             = { more_than = 2, seconds = 300 }
    upstream_lost            = { more_than = 10, seconds = 3600 }
  }

  # What to do, where one command does it.
  alarm_advice = {
    model_unpriced = "calls are refused, as their models have no price. The admin command unpriced names the models, and set-price serves one within a minute;"
  }

  alarm_stages = { for stage, settings in var.stages : stage => settings if settings.alarms }

  event_alarms = merge([for stage in keys(local.alarm_stages) : {
    for metric, bound in local.alarm_bounds : "${stage}/${metric}" => merge(bound, { stage = stage, metric = metric })
  }]...)

  # Metrics that Lambda keeps of each function.
  function_alarms = merge([for stage in keys(local.alarm_stages) : {
    for alarm in setproduct(["proxy", "admin", "sweep"], ["Errors", "Throttles"]) :
    "${stage}/${alarm[0]}/${alarm[1]}" => { stage = stage, function = alarm[0], metric = alarm[1] }
  }]...)
}

resource "aws_cloudwatch_metric_alarm" "event" {
  for_each = local.event_alarms

  alarm_name          = "${local.prefix}openai-${each.value.stage}-${each.value.metric}"
  alarm_description   = "Farebox ${each.value.stage}: ${each.value.metric}, ${try("${local.alarm_advice[each.value.metric]} ", "")}see docs/operations.md#alarms"
  namespace           = "Farebox"
  metric_name         = each.value.metric
  dimensions          = { service = "farebox", stage = each.value.stage }
  statistic           = "Sum"
  period              = each.value.seconds
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.more_than
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts[each.value.stage].arn]
}

resource "aws_cloudwatch_metric_alarm" "function" {
  for_each = local.function_alarms

  alarm_name          = "${local.functions[each.value.stage][each.value.function]}-${lower(each.value.metric)}"
  alarm_description   = "Farebox ${each.value.stage}: ${lower(each.value.metric)} of the ${each.value.function} function; look at its log"
  namespace           = "AWS/Lambda"
  metric_name         = each.value.metric
  dimensions          = { FunctionName = local.functions[each.value.stage][each.value.function] }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts[each.value.stage].arn]
}

# No sweep ended well for ten minutes: holds of dead functions stay, and limits get tighter.
resource "aws_cloudwatch_metric_alarm" "sweep_stopped" {
  for_each = local.alarm_stages

  alarm_name          = "${local.functions[each.key].sweep}-stopped"
  alarm_description   = "Farebox ${each.key}: no sweep has ended well for ten minutes; look at its schedule and its log"
  evaluation_periods  = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts[each.key].arn]
  ok_actions          = [aws_sns_topic.alerts[each.key].arn]

  metric_query {
    id          = "ended"
    label       = "sweeps that ended well"
    expression  = "FILL(started, 0) - FILL(failed, 0)"
    return_data = true
  }
  dynamic "metric_query" {
    for_each = { started = "Invocations", failed = "Errors" }
    content {
      id = metric_query.key
      metric {
        namespace   = "AWS/Lambda"
        metric_name = metric_query.value
        dimensions  = { FunctionName = local.functions[each.key].sweep }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  for_each = local.alarm_stages

  alarm_name          = "${local.functions[each.key].sweep}-dead-letters"
  alarm_description   = "Farebox ${each.key}: sweeps failed or could not be started; they leave the queue after a day"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters[each.key].name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts[each.key].arn]
}
