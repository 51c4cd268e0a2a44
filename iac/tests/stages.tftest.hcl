# What is planned for two stages, with a mocked AWS: names, privileges, secrets, retention, protection, toggles.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d"] }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/some-role" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:us-east-1:111122223333:some-topic" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:111122223333:function:some-function", version = "1" }
  }
  mock_resource "aws_lambda_function_url" {
    defaults = { function_url = "https://some-url.lambda-url.us-east-1.on.aws/", url_id = "some-url" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:us-east-1:111122223333:some-queue" }
  }
  mock_resource "aws_elasticache_cluster" {
    defaults = { cache_nodes = [{ id = "0001", address = "cache.internal", port = 11211, availability_zone = "us-east-1a", outpost_arn = "" }] }
  }

  # Each stage's own things have names that tell the stages apart in a policy.
  override_resource {
    target = aws_dynamodb_table.books["dev"]
    values = { arn = "arn:table/books-of-dev" }
  }
  override_resource {
    target = aws_dynamodb_table.books["prod"]
    values = { arn = "arn:table/books-of-prod" }
  }
  override_resource {
    target = aws_dynamodb_table.answers["dev"]
    values = { arn = "arn:table/answers-of-dev" }
  }
  override_resource {
    target = aws_dynamodb_table.answers["prod"]
    values = { arn = "arn:table/answers-of-prod" }
  }
  override_resource {
    target = aws_secretsmanager_secret.openai["dev"]
    values = { arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:key-of-dev" }
  }
  override_resource {
    target = aws_secretsmanager_secret.openai["prod"]
    values = { arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:key-of-prod" }
  }
  override_resource {
    target = aws_sns_topic.alerts["dev"]
    values = { arn = "arn:aws:sns:us-east-1:111122223333:alerts-of-dev" }
  }
  override_resource {
    target = aws_sns_topic.alerts["prod"]
    values = { arn = "arn:aws:sns:us-east-1:111122223333:alerts-of-prod" }
  }
}

variables {
  log_retention_days = 90
  openai_keys = {
    dev  = "sk-the-key-of-dev-0000"
    prod = "sk-the-key-of-prod-000"
  }
}

# One run, as each starts the provider anew: what it states stands above its assertions.
run "two_stages_are_planned_apart_and_with_no_more_than_they_need" {
  # The functions have the names that clients know.
  assert {
    condition     = [for stage in ["dev", "prod"] : aws_lambda_function.proxy[stage].function_name] == ["openai-proxy-dev", "openai-proxy-prod"]
    error_message = "the proxies are named otherwise"
  }

  # boto3 reads another name of the region than the SDKs do, and openai_wrapi finds the URL by the key.
  assert {
    condition     = output.client_environment["dev"] == "export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\nexport OPENAI_BASE_URL=https://some-url.lambda-url.us-east-1.on.aws/v1\nexport OPENAI_API_KEY=sk-some-url"
    error_message = "a client is told something else"
  }
  assert {
    condition     = [for stage in ["dev", "prod"] : aws_lambda_function.admin[stage].function_name] == ["openai-admin-dev", "openai-admin-prod"]
    error_message = "the admins are named otherwise"
  }
  assert {
    condition     = [for stage in ["dev", "prod"] : aws_lambda_function.sweep[stage].function_name] == ["openai-sweep-dev", "openai-sweep-prod"]
    error_message = "the sweeps are named otherwise"
  }
  assert {
    condition     = alltrue([for function in concat(values(aws_lambda_function.proxy), values(aws_lambda_function.admin), values(aws_lambda_function.sweep)) : function.runtime == "nodejs22.x" && function.architectures[0] == "arm64"])
    error_message = "a function is not of Node 22 on arm64"
  }

  # Callers reach a live alias that streams and asks iam.
  assert {
    condition     = alltrue([for url in values(aws_lambda_function_url.proxy) : url.authorization_type == "AWS_IAM" && url.invoke_mode == "RESPONSE_STREAM" && url.qualifier == "live"])
    error_message = "a URL is open, does not stream, or does not lead to the alias"
  }

  # A function can do only what its stage needs.
  assert {
    condition = jsonencode(jsondecode(aws_iam_role_policy.proxy_books["dev"].policy).Statement) == jsonencode([
      { Effect = "Allow", Action = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"], Resource = "arn:table/books-of-dev" },
      { Effect = "Allow", Action = "dynamodb:DeleteItem", Resource = "arn:table/books-of-dev", Condition = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = ["object#*"] } } },
    ])
    error_message = "the proxy of dev may do something else with the books"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.proxy_secret["dev"].policy).Statement == [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = "arn:aws:secretsmanager:us-east-1:111122223333:secret:key-of-dev" }]
    error_message = "the proxy of dev may read other secrets, or not its own"
  }
  assert {
    condition = alltrue(flatten([for stage, other in { dev = "prod", prod = "dev" } : [for policy in concat(
      [for policies in [
        aws_iam_role_policy.proxy_books, aws_iam_role_policy.proxy_secret, aws_iam_role_policy.proxy_answers,
        aws_iam_role_policy.proxy_alerts, aws_iam_role_policy.admin_books, aws_iam_role_policy.sweep_books, aws_iam_role_policy.sweep_alerts,
        aws_iam_role_policy.sweep_secret,
      ] : policies[stage].policy],
    ) : strcontains(policy, "of-${stage}") && !strcontains(policy, "of-${other}")]]))
    error_message = "a function of one stage may touch what is the other's"
  }
  assert {
    condition = alltrue([for policy in [
      for policies in [aws_iam_role_policy.admin_books, aws_iam_role_policy.admin_logs] : policies["dev"].policy
    ] : !strcontains(policy, "secretsmanager") && !strcontains(policy, "kms") && !strcontains(policy, "key-of")])
    error_message = "the admin may read the OpenAI key"
  }
  assert {
    condition = alltrue(flatten([for policies in [
      aws_iam_role_policy.proxy_logs, aws_iam_role_policy.proxy_books, aws_iam_role_policy.proxy_secret, aws_iam_role_policy.proxy_answers,
      aws_iam_role_policy.admin_logs, aws_iam_role_policy.admin_books, aws_iam_role_policy.sweep_logs, aws_iam_role_policy.sweep_books,
      aws_iam_role_policy.sweep_dead_letters, aws_iam_role_policy.schedule_sweep, aws_iam_role_policy.proxy_alerts, aws_iam_role_policy.sweep_alerts,
      ] : [for policy in values(policies) : [for statement in jsondecode(policy.policy).Statement : [
        statement.Resource != "*",
        alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*")]),
    ]]]]))
    error_message = "a policy has a wildcard"
  }

  # Callers get both permissions and cannot invoke the proxy directly.
  assert {
    condition = [for statement in jsondecode(output.caller_policies.dev).Statement : { action = statement.Action, condition = try(statement.Condition, null) }] == [
      { action = "lambda:InvokeFunctionUrl", condition = { StringEquals = { "lambda:FunctionUrlAuthType" = "AWS_IAM" } } },
      { action = "lambda:InvokeFunction", condition = { Bool = { "lambda:InvokedViaFunctionUrl" = "true" } } },
      { action = "lambda:ListFunctionUrlConfigs", condition = null },
    ]
    error_message = "a caller's policy is another"
  }
  assert {
    condition     = aws_iam_policy.caller["dev"].policy == output.caller_policies.dev && aws_iam_policy.admin["dev"].policy == output.admin_policies.dev
    error_message = "the managed policies say something else than the outputs"
  }

  # Calls that are refused for want of a price say what serves them.
  assert {
    condition     = strcontains(aws_cloudwatch_metric_alarm.event["dev/model_unpriced"].alarm_description, "set-price") && aws_cloudwatch_metric_alarm.event["dev/model_unpriced"].dimensions["stage"] == "dev" && length(aws_cloudwatch_metric_alarm.event["dev/model_unpriced"].dimensions) == 2
    error_message = "the alarm of unpriced models does not name set-price, or counts something else"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.event["dev/unsettled"].alarm_description == "Farebox dev: unsettled, see docs/operations.md#alarms"
    error_message = "an alarm without advice says something else"
  }

  # The openai keys are in no planned attribute.
  assert {
    condition     = alltrue([for version in values(aws_secretsmanager_secret_version.openai) : version.secret_string_wo == null && version.secret_string == null && version.secret_string_wo_version == 1])
    error_message = "a key is kept in the plan"
  }
  assert {
    condition     = !strcontains(jsonencode([aws_lambda_function.proxy, aws_lambda_function.admin, aws_lambda_function.sweep, aws_secretsmanager_secret.openai]), "sk-the-key")
    error_message = "a key stands in the environment or a description"
  }
  assert {
    condition     = alltrue([for function in values(aws_lambda_function.admin) : !contains(keys(function.environment[0].variables), "OPENAI_SECRET_ARN")])
    error_message = "the admin is told where the key is"
  }

  # The books are protected and can be restored.
  assert {
    condition     = alltrue([for table in values(aws_dynamodb_table.books) : table.deletion_protection_enabled && table.point_in_time_recovery[0].enabled && table.billing_mode == "PAY_PER_REQUEST"])
    error_message = "the books can be lost"
  }
  assert {
    condition     = alltrue([for table in values(aws_dynamodb_table.books) : one(table.ttl).attribute_name == "ttl" && one(table.global_secondary_index).projection_type == "KEYS_ONLY"])
    error_message = "the table is not the one that the code expects"
  }

  # Logs are kept for a time and not for ever.
  assert {
    condition     = alltrue([for group in concat(values(aws_cloudwatch_log_group.proxy), values(aws_cloudwatch_log_group.admin), values(aws_cloudwatch_log_group.sweep)) : group.retention_in_days == 90])
    error_message = "a log is kept for another time"
  }

  # The sweep runs each minute and in depth each hour.
  assert {
    condition = { for name, schedule in aws_scheduler_schedule.sweep : name => [schedule.schedule_expression, schedule.target[0].input] } == {
      "dev/minute"  = ["rate(1 minute)", "{}"], "dev/hour" = ["rate(1 hour)", "{\"deep\":true}"],
      "prod/minute" = ["rate(1 minute)", "{}"], "prod/hour" = ["rate(1 hour)", "{\"deep\":true}"],
    }
    error_message = "the sweep runs at other times"
  }

  # Without a cluster there is no network and answers are in a table.
  assert {
    condition     = length(concat(aws_vpc.main, aws_nat_gateway.main, aws_eip.nat, aws_subnet.private, aws_security_group.functions, aws_elasticache_cluster.answers)) == 0
    error_message = "there is something that costs money without a call"
  }
  assert {
    condition     = alltrue([for stage in ["dev", "prod"] : length(aws_lambda_function.proxy[stage].vpc_config) == 0 && aws_lambda_function.proxy[stage].environment[0].variables.CACHE_TABLE == "farebox-answers-${stage}"])
    error_message = "the proxy is in a network, or does not know its cache"
  }
}
