# What the variables switch, and what they refuse, with a mocked AWS.

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
}

variables {
  openai_keys = { dev = "sk-the-key-of-dev-0000" }
  stages      = { dev = {} }
}

run "a_cluster_brings_its_network" {
  variables {
    use_elasticache = true
    num_azs         = 3
  }
  assert {
    condition     = length(aws_subnet.private) == 3 && length(aws_nat_gateway.main) == 1 && length(aws_vpc_endpoint.dynamodb) == 1
    error_message = "the network is another"
  }
  assert {
    condition     = aws_lambda_function.proxy["dev"].environment[0].variables.CACHE_NODES == "cache.internal:11211" && !contains(keys(aws_lambda_function.proxy["dev"].environment[0].variables), "CACHE_TABLE")
    error_message = "the proxy does not know the nodes, or knows a table too"
  }
  assert {
    condition     = length(aws_lambda_function.proxy["dev"].vpc_config[0].subnet_ids) == 3 && length(aws_lambda_function.admin["dev"].vpc_config) == 0 && length(aws_dynamodb_table.answers) == 0
    error_message = "something is in the network that need not be, or the proxy is not"
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.answers[0].referenced_security_group_id == aws_security_group.functions[0].id && aws_vpc_security_group_ingress_rule.answers[0].from_port == 11211 && aws_vpc_security_group_ingress_rule.answers[0].to_port == 11211
    error_message = "others than the functions reach the cache"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.proxy_network["dev"].policy).Statement : statement.Effect] == ["Allow", "Deny"]
    error_message = "the proxy's own code may change the network"
  }
}

run "each_zone_can_have_its_own_way_out_and_xray_traces_all_functions" {
  variables {
    use_elasticache = true
    num_azs         = 2
    nat_per_az      = true
    use_xray        = true
  }
  assert {
    condition     = length(aws_nat_gateway.main) == 2 && aws_route.to_internet[0].nat_gateway_id != aws_route.to_internet[1].nat_gateway_id
    error_message = "the zones share a NAT gateway"
  }
  assert {
    condition     = alltrue([for function in [aws_lambda_function.proxy["dev"], aws_lambda_function.admin["dev"], aws_lambda_function.sweep["dev"]] : function.tracing_config[0].mode == "Active"]) && length(aws_iam_role_policy.proxy_xray) == 1
    error_message = "a function is not traced"
  }
}

run "caching_can_be_off_and_a_prefix_goes_before_every_name" {
  variables {
    stages      = { dev = { cache = false } }
    name_prefix = "team-a"
  }
  assert {
    condition     = length(aws_dynamodb_table.answers) == 0 && length([for name in keys(aws_lambda_function.proxy["dev"].environment[0].variables) : name if startswith(name, "CACHE")]) == 0
    error_message = "answers are cached all the same"
  }
  assert {
    condition     = [aws_lambda_function.proxy["dev"].function_name, aws_dynamodb_table.books["dev"].name, aws_secretsmanager_secret.openai["dev"].name, aws_sns_topic.alerts["dev"].name] == ["team-a-openai-proxy-dev", "team-a-farebox-dev", "team-a-farebox/dev", "team-a-openai-alerts-dev"]
    error_message = "a name lacks the prefix"
  }
}

run "the_longest_names_still_fit" {
  variables {
    name_prefix = "a-prefix-as-long"
    region      = "ap-southeast-4"
    stages      = { a-stage-as-long1 = {} }
    openai_keys = { a-stage-as-long1 = "sk-the-key-of-dev-0000" }
  }
  assert {
    condition     = length(aws_iam_role.schedule["a-stage-as-long1"].name) <= 64 && length(aws_scheduler_schedule.sweep["a-stage-as-long1/minute"].name) <= 64 && length(aws_lambda_function.proxy["a-stage-as-long1"].function_name) <= 64
    error_message = "a name is longer than AWS takes"
  }
}

run "a_secret_of_ones_own_is_used_and_none_is_made" {
  variables {
    openai_keys = {}
    stages = { dev = {
      openai_secret_arn         = "arn:aws:secretsmanager:us-east-1:111122223333:secret:mine-AbCdEf"
      openai_secret_kms_key_arn = "arn:aws:kms:us-east-1:111122223333:key/mine"
      openai_admin_secret_arn   = "arn:aws:secretsmanager:us-east-1:111122223333:secret:admin-AbCdEf"
      openai_project            = "proj_1"
    } }
  }
  assert {
    condition     = length(aws_secretsmanager_secret.openai) == 0 && aws_lambda_function.proxy["dev"].environment[0].variables.OPENAI_SECRET_ARN == "arn:aws:secretsmanager:us-east-1:111122223333:secret:mine-AbCdEf"
    error_message = "another secret is used"
  }
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.proxy_secret["dev"].policy).Statement : [statement.Action, statement.Resource]] == [["secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:111122223333:secret:mine-AbCdEf"], ["kms:Decrypt", "arn:aws:kms:us-east-1:111122223333:key/mine"]]
    error_message = "the proxy cannot read the secret, or can read more"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.admin_secret["dev"].policy).Statement[0].Resource == "arn:aws:secretsmanager:us-east-1:111122223333:secret:admin-AbCdEf" && aws_lambda_function.admin["dev"].environment[0].variables.OPENAI_PROJECT_ID == "proj_1" && length(aws_scheduler_schedule.reconcile) == 1
    error_message = "the admin cannot compare the books with the invoice"
  }
}

run "what_can_be_left_out_is_left_out" {
  variables {
    managed_policies    = false
    deletion_protection = false
    stages              = { dev = { alarms = false, budget_thresholds = [] } }
  }
  assert {
    condition     = length(aws_iam_policy.caller) + length(aws_iam_policy.admin) + length(aws_cloudwatch_metric_alarm.event) + length(aws_cloudwatch_metric_alarm.function) + length(aws_iam_role_policy.proxy_xray) + length(aws_iam_role_policy.proxy_alerts) == 0
    error_message = "something is there that was switched off"
  }
  assert {
    condition     = !aws_dynamodb_table.books["dev"].deletion_protection_enabled && aws_lambda_function.proxy["dev"].tracing_config[0].mode == "PassThrough"
    error_message = "the table is still protected, or the functions are traced"
  }
}

run "what_a_stage_sets_reaches_its_functions" {
  variables {
    stages = { dev = {
      trusted_callers = ["user/bot", "role/app*"]
      session_roles   = ["deploy"]
      openai_base_url = "https://eu.api.openai.com/v1"
      table_name      = "restored"
      max_concurrency = 50
      memory_mb       = 1024
      settings        = { LOG_LEVEL = "warn", RETENTION_DAYS = "30" }
    } }
  }
  assert {
    condition = {
      for name in ["TRUSTED_CALLERS", "SESSION_ROLES", "OPENAI_BASE_URL", "LOG_LEVEL", "RETENTION_DAYS", "STAGE", "TABLE_NAME"] : name => aws_lambda_function.proxy["dev"].environment[0].variables[name]
      } == {
      TRUSTED_CALLERS = "user/bot,role/app*", SESSION_ROLES = "deploy", OPENAI_BASE_URL = "https://eu.api.openai.com/v1"
      LOG_LEVEL       = "warn", RETENTION_DAYS = "30", STAGE = "dev", TABLE_NAME = "restored"
    }
    error_message = "the proxy is told something else"
  }
  assert {
    condition     = alltrue([for function in [aws_lambda_function.admin["dev"], aws_lambda_function.sweep["dev"]] : function.environment[0].variables.RETENTION_DAYS == "30" && function.environment[0].variables.SESSION_ROLES == "deploy"])
    error_message = "the functions of a stage disagree"
  }
  assert {
    condition     = aws_lambda_function.proxy["dev"].reserved_concurrent_executions == 50 && aws_lambda_function.proxy["dev"].memory_size == 1024
    error_message = "the proxy has another size"
  }
}

run "what_cannot_work_is_refused" {
  command = plan
  variables {
    name_prefix        = "-x"
    packages_dir       = "no-such-folder"
    num_azs            = 9
    log_retention_days = 2
    vpc_cidr           = "10.0.0.0/28"
    stages = { dev = {}, Prod = {
      openai_organization = "org-1"
      openai_base_url     = "api.openai.com"
      trusted_callers     = ["a,b"]
      limits              = { year = "1" }
      alert_emails        = ["nobody"]
      budget_thresholds   = [0]
      settings            = { OPENAI_API_KEY = "sk-no" }
    } }
  }
  expect_failures = [
    var.name_prefix, var.packages_dir, var.num_azs, var.log_retention_days, var.vpc_cidr, var.stages,
  ]
}

run "the_key_of_openai_wrapi_is_refused" {
  command = plan
  variables {
    stages = { dev = { openai_api_key = "sk-XXX" } }
  }
  expect_failures = [var.stages]
}

run "the_organization_of_openai_wrapi_is_refused" {
  command = plan
  variables {
    stages = { dev = { openai_org_id = "org-XXX" } }
  }
  expect_failures = [var.stages]
}

run "a_stage_without_a_key_is_refused" {
  command = plan
  variables {
    stages = { dev = {}, prod = {} }
  }
  expect_failures = [var.openai_keys]
}
