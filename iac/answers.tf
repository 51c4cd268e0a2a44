# Where answers are cached: in a table of each stage, or, with use_elasticache, in one Memcached cluster for all stages.
# Both hold only what is sealed with the stage's secret, under keys that name stage and project.

locals {
  uses_cluster  = { for stage, settings in var.stages : stage => settings.cache && var.use_elasticache }
  cluster_nodes = { for stage, uses in local.uses_cluster : stage => uses ? join(",", [for node in aws_elasticache_cluster.answers[0].cache_nodes : "${node.address}:${node.port}"]) : "" }
}

resource "aws_dynamodb_table" "answers" {
  for_each = { for stage, settings in var.stages : stage => settings if settings.cache && !var.use_elasticache }

  name         = "${local.prefix}farebox-answers-${each.key}"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "key"

  attribute {
    name = "key"
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = false # a lost answer is asked for again
  }
}

resource "aws_elasticache_cluster" "answers" {
  count = var.use_elasticache ? 1 : 0

  cluster_id           = "${local.prefix}farebox-answers"
  engine               = "memcached"
  node_type            = var.cache_node_type
  num_cache_nodes      = var.cache_nodes
  az_mode              = var.cache_nodes > 1 && var.num_azs > 1 ? "cross-az" : "single-az"
  port                 = 11211
  subnet_group_name    = aws_elasticache_subnet_group.answers[0].name
  security_group_ids   = [aws_security_group.answers[0].id]
  apply_immediately    = true
  parameter_group_name = "default.memcached1.6"
}

resource "aws_elasticache_subnet_group" "answers" {
  count = var.use_elasticache ? 1 : 0

  name        = "${local.prefix}farebox-answers"
  description = "Where the nodes of the answer cache are"
  subnet_ids  = aws_subnet.private[*].id
}

# Only the functions reach the nodes, and only their one port; the nodes reach nobody.
resource "aws_security_group" "answers" {
  count = var.use_elasticache ? 1 : 0

  name        = "${local.prefix}farebox-answers"
  description = "The nodes of Farebox's answer cache"
  vpc_id      = aws_vpc.main[0].id
}

resource "aws_vpc_security_group_ingress_rule" "answers" {
  count = var.use_elasticache ? 1 : 0

  security_group_id            = aws_security_group.answers[0].id
  description                  = "Memcached, from the functions"
  referenced_security_group_id = aws_security_group.functions[0].id
  ip_protocol                  = "tcp"
  from_port                    = 11211
  to_port                      = 11211
}
