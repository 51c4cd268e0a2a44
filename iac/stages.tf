variable "stages" {
  description = "The stages, by name. Each is a Farebox of its own: its functions, table, secret and alerts."
  type = map(object({
    # The OpenAI account. With openai_secret_arn the secret is yours, and holds organization and project if any.
    openai_secret_arn         = optional(string)
    openai_secret_kms_key_arn = optional(string)
    openai_key_version        = optional(number, 1)
    openai_organization       = optional(string)
    openai_project            = optional(string)
    openai_base_url           = optional(string)
    # Refused: openai-wrapi's names. Terraform would drop them without a word if they were not declared.
    openai_api_key = optional(string)
    openai_org_id  = optional(string)
    # A secret with an admin key of the OpenAI organization: the admin then compares the books with OpenAI's invoice.
    openai_admin_secret_arn = optional(string)

    # Who is who: patterns as docs/configuration.md has them.
    trusted_callers = optional(list(string), [])
    session_roles   = optional(list(string), [])

    # USD limits on the whole stage by period (day, week, month, total), set when they are applied.
    limits = optional(map(string), {})

    # Who is told of alarms, and of limits that are used up to these percentages.
    alert_emails      = optional(list(string), [])
    budget_thresholds = optional(list(number), [50, 80, 100])
    alarms            = optional(bool, true)

    # Whether answers are cached, and how large the proxy is.
    cache           = optional(bool, true)
    memory_mb       = optional(number, 512)
    max_concurrency = optional(number)

    # The table with the books, where it is not farebox-<stage>: one that was restored (docs/deploy.md).
    table_name = optional(string)

    # Further settings of docs/configuration.md, by the names that they have there.
    settings = optional(map(string), {})
  }))
  default = { dev = {}, prod = {} }

  validation {
    condition     = length(var.stages) > 0 && alltrue([for stage in keys(var.stages) : can(regex("^[a-z0-9]([a-z0-9-]{0,14}[a-z0-9])?$", stage))])
    error_message = "stages must have at least one stage; its name is 1 to 16 of a-z, 0-9 and -, with no - at its ends."
  }

  validation {
    condition     = alltrue([for stage in values(var.stages) : stage.openai_api_key == null && stage.openai_org_id == null])
    error_message = "openai_api_key and openai_org_id are openai-wrapi's names. Give the keys by the environment, so that they stand in no file: export TF_VAR_openai_keys='{\"dev\":\"sk-…\",\"prod\":\"sk-…\"}'; and the organization as openai_organization."
  }

  validation {
    condition     = alltrue([for arn in flatten([for stage in values(var.stages) : [stage.openai_secret_arn, stage.openai_admin_secret_arn]]) : arn == null || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\\d{12}:secret:.+-[A-Za-z0-9]{6}$", arn))])
    error_message = "openai_secret_arn and openai_admin_secret_arn must be the whole ARN of a Secrets Manager secret, with the six characters at its end: aws secretsmanager describe-secret --secret-id NAME --query ARN."
  }

  validation {
    condition     = alltrue([for stage in values(var.stages) : stage.openai_secret_arn == null || (stage.openai_organization == null && (stage.openai_project == null || stage.openai_admin_secret_arn != null))])
    error_message = "With openai_secret_arn, openai_organization and openai_project belong into that secret: {\"openai_api_key\":\"…\",\"openai_organization\":\"…\",\"openai_project\":\"…\"}."
  }

  validation {
    condition     = alltrue([for stage in values(var.stages) : stage.openai_secret_kms_key_arn == null || stage.openai_secret_arn != null])
    error_message = "openai_secret_kms_key_arn names the key of the secret in openai_secret_arn: give both or none."
  }

  validation {
    condition     = alltrue([for stage in values(var.stages) : stage.openai_base_url == null || can(regex("^https?://[^?#]+$", stage.openai_base_url))])
    error_message = "openai_base_url must be an http(s) URL that ends with its path, such as https://eu.api.openai.com/v1."
  }

  validation {
    condition     = alltrue(flatten([for stage in values(var.stages) : [for pattern in concat(stage.trusted_callers, stage.session_roles) : !strcontains(pattern, ",") && trimspace(pattern) != ""]]))
    error_message = "trusted_callers and session_roles must be lists of patterns, such as user/bot or role/deploy*; one pattern an element, with no comma in it."
  }

  validation {
    condition     = alltrue(flatten([for stage in values(var.stages) : [for period, amount in stage.limits : contains(["day", "week", "month", "total"], period) && can(regex("^\\d{1,12}(\\.\\d{1,12})?$", amount))]]))
    error_message = "limits must have amounts in USD by period, which is day, week, month or total: { month = \"500\" }."
  }

  validation {
    condition     = alltrue(flatten([for stage in values(var.stages) : [for address in stage.alert_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))]]))
    error_message = "alert_emails must be e-mail addresses."
  }

  validation {
    condition     = alltrue(flatten([for stage in values(var.stages) : [for percent in stage.budget_thresholds : percent >= 1 && percent <= 100 && floor(percent) == percent]]))
    error_message = "budget_thresholds must be whole percentages from 1 to 100; none: []."
  }

  validation {
    condition     = alltrue([for stage in values(var.stages) : stage.memory_mb >= 256 && stage.memory_mb <= 10240])
    error_message = "memory_mb must be 256 to 10240."
  }

  validation {
    condition     = alltrue([for stage in values(var.stages) : stage.max_concurrency == null ? true : stage.max_concurrency >= 0 && floor(stage.max_concurrency) == stage.max_concurrency])
    error_message = "max_concurrency must be a whole number: so many calls at once and no more, 0 to stop the stage; null: the account's own bound."
  }

  validation {
    condition = alltrue(flatten([for stage in values(var.stages) : [for name in keys(stage.settings) : contains([
      "LOG_LEVEL", "LEASE_SECONDS", "LEDGER_DEADLINE_MS", "RETENTION_DAYS", "OPENAI_AUTO_TIER", "UPSTREAM_TIMEOUT_SECONDS",
      "DEFAULT_PROJECT", "HOLD_WAIT_MS", "OPENAI_REGIONAL", "CACHE_OPERATION_MS", "CACHE_TTL_SECONDS", "CACHE_WAIT_MS", "MAX_CACHED_BYTES", "MAX_BODY_BYTES",
      "IDENTITY_CENTER_ROLES", "FREE_CALLS_PER_MINUTE", "STAGING_HEADER",
      "OPEN_CALLS_PER_PROJECT", "DEFERRED_CALLS_PER_PROJECT",
    ], name)]]))
    error_message = "settings may have LOG_LEVEL, LEASE_SECONDS, LEDGER_DEADLINE_MS, RETENTION_DAYS, OPENAI_AUTO_TIER, UPSTREAM_TIMEOUT_SECONDS, DEFAULT_PROJECT, HOLD_WAIT_MS, OPENAI_REGIONAL, CACHE_OPERATION_MS, CACHE_TTL_SECONDS, CACHE_WAIT_MS, MAX_CACHED_BYTES, MAX_BODY_BYTES, IDENTITY_CENTER_ROLES, FREE_CALLS_PER_MINUTE, STAGING_HEADER, OPEN_CALLS_PER_PROJECT and DEFERRED_CALLS_PER_PROJECT; everything else of the functions' environment has a variable of its own."
  }
}
