# The OpenAI key of each stage that brings none in a secret of its own.

locals {
  own_secret_stages = { for stage, settings in var.stages : stage => settings if settings.openai_secret_arn == null }
  secret_arns = { for stage, settings in var.stages : stage =>
    settings.openai_secret_arn != null ? settings.openai_secret_arn : aws_secretsmanager_secret.openai[stage].arn
  }
}

# Who asks OpenAI reads the key of its stage, and no other secret: the proxy, and the sweep, which asks what a response
# in the background has come to.
locals {
  openai_key_policies = { for stage, settings in var.stages : stage => jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = local.secret_arns[stage] }],
      settings.openai_secret_kms_key_arn == null ? [] : [{
        Effect    = "Allow"
        Action    = "kms:Decrypt"
        Resource  = settings.openai_secret_kms_key_arn
        Condition = { StringEquals = { "kms:EncryptionContext:SecretARN" = local.secret_arns[stage] } }
      }],
    )
  }) }
}

resource "aws_secretsmanager_secret" "openai" {
  for_each = local.own_secret_stages

  name                    = "${local.prefix}farebox/${each.key}"
  description             = "The OpenAI key of the Farebox stage ${each.key}"
  recovery_window_in_days = var.secret_recovery_days
}

resource "aws_secretsmanager_secret_version" "openai" {
  for_each = local.own_secret_stages

  secret_id = aws_secretsmanager_secret.openai[each.key].id
  secret_string_wo = jsonencode(merge(
    { openai_api_key = var.openai_keys[each.key] },
    { for name, value in {
      openai_organization = each.value.openai_organization
      openai_project      = each.value.openai_project
    } : name => value if value != null },
  ))
  secret_string_wo_version = each.value.openai_key_version

  # A new version is in force before the old one is let go.
  lifecycle {
    create_before_destroy = true
  }
}
