output "proxy_urls" {
  description = "The URL of each stage's proxy: OpenAI's paths, with or without /v1, signed for the service lambda."
  value       = { for stage, url in aws_lambda_function_url.proxy : stage => trimsuffix(url.function_url, "/") }
}

output "client_environment" {
  description = "What a client of each stage needs, to paste into a shell. Its requests are signed with the caller's own AWS credentials, so the API key is only there to please the SDKs; openai_wrapi and farebox-client find the URL by it."
  value = { for stage, url in aws_lambda_function_url.proxy : stage => join("\n", [
    "export AWS_REGION=${var.region} AWS_DEFAULT_REGION=${var.region}",
    "export OPENAI_BASE_URL=${trimsuffix(url.function_url, "/")}/v1",
    "export OPENAI_API_KEY=sk-${url.url_id}",
  ]) }
}

output "admin_commands" {
  description = "Asks the admin of each stage what it can do; docs/admin.md has the rest."
  value = { for stage, names in local.functions : stage =>
    "echo '{\"command\":\"help\"}' | aws lambda invoke --region ${var.region} --function-name ${names.admin} --payload fileb:///dev/stdin /dev/stdout"
  }
}

output "caller_policies" {
  description = "What allows to call a stage: both statements, for whoever is to call it."
  value       = local.caller_policies
}

output "admin_policies" {
  description = "What allows to administer a stage."
  value       = local.admin_policies
}

output "managed_policies" {
  description = "The ARNs of the same as managed policies, by stage; null without managed_policies."
  value = { for stage in keys(var.stages) : stage => {
    caller = try(aws_iam_policy.caller[stage].arn, null)
    admin  = try(aws_iam_policy.admin[stage].arn, null)
  } }
}

output "tables" {
  description = "The table of each stage, with its books and rules."
  value       = { for stage, table in aws_dynamodb_table.books : stage => table.name }
}

output "alert_topics" {
  description = "The topic to which each stage's alarms go."
  value       = { for stage, topic in aws_sns_topic.alerts : stage => topic.arn }
}

output "dashboards" {
  description = "The CloudWatch dashboard of each stage."
  value = { for stage, dashboard in aws_cloudwatch_dashboard.stage : stage =>
    "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${dashboard.dashboard_name}"
  }
}
