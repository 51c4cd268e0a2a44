# The books of each stage, and its rules. `shared/aws/table.ts` says what the code expects.

resource "aws_dynamodb_table" "books" {
  for_each = var.stages

  name                        = coalesce(each.value.table_name, "${local.prefix}farebox-${each.key}")
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = var.deletion_protection
  hash_key                    = "pk"
  range_key                   = "sk"

  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "sk"
    type = "S"
  }
  attribute {
    name = "lookupPk"
    type = "S"
  }
  attribute {
    name = "lookupSk"
    type = "S"
  }

  # Sparse: only items with `lookupPk` are in it.
  global_secondary_index {
    name            = "lookup"
    hash_key        = "lookupPk"
    range_key       = "lookupSk"
    projection_type = "KEYS_ONLY"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = false # encrypted all the same, with the key that DynamoDB owns
  }
}

locals {
  # What the code does with the table. Of the books nothing is ever deleted but by its time to live.
  books_actions = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]

  # What may be deleted, by the beginning of the partition's key: whose a stored object is, and a price that was set.
  deletes_policy_statements = { for stage, table in aws_dynamodb_table.books : stage => {
    for what, partitions in { owners = ["object#*"], owners_and_prices = ["object#*", "prices"] } : what => {
      Effect                         = "Allow"
      Action                         = "dynamodb:DeleteItem"
      Resource                       = table.arn
      Condition                      = { "ForAllValues:StringLike" = { "dynamodb:LeadingKeys" = partitions } }
    }
  } }

  # The sweep and the admin also read what the index lists.
  books_and_lists_policy = { for stage, table in aws_dynamodb_table.books : stage => jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = local.books_actions, Resource = table.arn },
      { Effect = "Allow", Action = "dynamodb:Query", Resource = "${table.arn}/index/lookup" },
    ]
  }) }
}
