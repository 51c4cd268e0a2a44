# One page for each stage: what it spends, how it does, and what somebody must look into.

locals {
  dashboards = { for stage in keys(var.stages) : stage => [
    {
      title = "Calls", metrics = [
        ["AWS/Lambda", "Invocations", "FunctionName", local.functions[stage].proxy, { stat = "Sum" }],
        ["AWS/Lambda", "Errors", "FunctionName", local.functions[stage].proxy, { stat = "Sum" }],
        ["AWS/Lambda", "Throttles", "FunctionName", local.functions[stage].proxy, { stat = "Sum" }],
        ["AWS/Lambda", "ConcurrentExecutions", "FunctionName", local.functions[stage].proxy, { stat = "Maximum" }],
      ]
    },
    {
      title = "How long calls take", metrics = [
        for stat in ["p50", "p95", "p99"] : ["AWS/Lambda", "Duration", "FunctionName", local.functions[stage].proxy, { stat = stat }]
      ]
    },
    {
      title = "To look into", metrics = [
        for metric in keys(local.alarm_bounds) : ["Farebox", metric, "service", "farebox", "stage", stage, { stat = "Sum" }]
      ]
    },
    {
      title = "The books at DynamoDB", metrics = [
        for metric in ["ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "WriteThrottleEvents"] :
        ["AWS/DynamoDB", metric, "TableName", aws_dynamodb_table.books[stage].name, { stat = "Sum" }]
      ]
    },
    {
      title = "The sweep", metrics = [
        ["AWS/Lambda", "Invocations", "FunctionName", local.functions[stage].sweep, { stat = "Sum" }],
        ["AWS/Lambda", "Errors", "FunctionName", local.functions[stage].sweep, { stat = "Sum" }],
        ["AWS/Lambda", "Duration", "FunctionName", local.functions[stage].sweep, { stat = "Maximum" }],
      ]
    },
  ] }

  dashboard_queries = {
    "USD by project and hour" = "filter message = 'call' | stats sum(costUsd) as usd, sum(savedUsd) as saved by project, bin(1h)"
    "USD by user and model"   = "filter message = 'call' | stats sum(costUsd) as usd, count(*) as calls by user, model | sort usd desc"
  }
}

resource "aws_cloudwatch_dashboard" "stage" {
  for_each = var.stages

  dashboard_name = "${local.prefix}farebox-${each.key}"
  dashboard_body = jsonencode({
    widgets = concat(
      [for index, widget in local.dashboards[each.key] : {
        type       = "metric"
        x          = 12 * (index % 2)
        y          = 6 * floor(index / 2)
        width      = 12
        height     = 6
        properties = { title = widget.title, metrics = widget.metrics, region = var.region, period = 300, view = "timeSeries" }
      }],
      [for index, title in keys(local.dashboard_queries) : {
        type   = "log"
        x      = 0
        y      = 18 + 6 * index
        width  = 24
        height = 6
        properties = {
          title  = title
          region = var.region
          view   = "table"
          query  = "SOURCE '${aws_cloudwatch_log_group.proxy[each.key].name}' | ${local.dashboard_queries[title]}"
        }
      }],
    )
  })
}
