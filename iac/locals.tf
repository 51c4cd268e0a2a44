data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  prefix    = var.name_prefix == "" ? "" : "${var.name_prefix}-"
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # By stage, and by function: proxy, admin, sweep.
  functions = { for stage in keys(var.stages) : stage => {
    for name in ["proxy", "admin", "sweep"] : name => "${local.prefix}openai-${name}-${stage}"
  } }
  # The names of roles and policies are one for all regions of an account.
  iam_names = { for stage, names in local.functions : stage => { for name, function in names : name => "${function}-${var.region}" } }
  packages  = { for name in ["proxy", "admin", "sweep"] : name => "${var.packages_dir}/${name}.zip" }

  # What every function of a stage is told. A setting counts for all functions that know it.
  environment = { for stage, settings in var.stages : stage => merge(settings.settings, {
    STAGE           = stage
    TABLE_NAME      = aws_dynamodb_table.books[stage].name
    SESSION_ROLES   = join(",", settings.session_roles)
    OPENAI_BASE_URL = settings.openai_base_url == null ? "" : settings.openai_base_url
  }) }

  lambda_assume_role = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })

  xray_stages = var.use_xray ? var.stages : {}
  xray_mode   = var.use_xray ? "Active" : "PassThrough"
  # X-Ray knows no resources to narrow this to.
  xray_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], Resource = "*" }]
  })
}
