# The network that a Memcached cluster needs, and only then. The functions are in private subnets; what they ask OpenAI,
# Secrets Manager and SNS goes through the NAT gateway, and what they ask DynamoDB through a gateway endpoint, for free.

data "aws_availability_zones" "available" {
  count = var.use_elasticache ? 1 : 0

  state = "available"
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = var.use_elasticache ? slice(data.aws_availability_zones.available[0].names, 0, var.num_azs) : []
  nats  = !var.use_elasticache ? 0 : var.nat_per_az ? var.num_azs : 1

  network_actions = [
    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
    "ec2:DetachNetworkInterface", "ec2:GetSecurityGroupsForVpc", "ec2:UnassignPrivateIpAddresses",
  ]
}

resource "aws_vpc" "main" {
  count = var.use_elasticache ? 1 : 0

  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = "${local.prefix}farebox" }
}

resource "aws_subnet" "private" {
  count = length(local.zones)

  vpc_id            = aws_vpc.main[0].id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, count.index)

  tags = { Name = "${local.prefix}farebox-private-${local.zones[count.index]}" }
}

resource "aws_subnet" "public" {
  count = local.nats

  vpc_id            = aws_vpc.main[0].id
  availability_zone = local.zones[count.index]
  cidr_block        = cidrsubnet(var.vpc_cidr, 4, 15 - count.index)

  tags = { Name = "${local.prefix}farebox-public-${local.zones[count.index]}" }
}

resource "aws_internet_gateway" "main" {
  count = var.use_elasticache ? 1 : 0

  vpc_id = aws_vpc.main[0].id

  tags = { Name = "${local.prefix}farebox" }
}

resource "aws_eip" "nat" {
  count = local.nats

  domain = "vpc"

  tags = { Name = "${local.prefix}farebox-nat-${local.zones[count.index]}" }
}

resource "aws_nat_gateway" "main" {
  count = local.nats

  allocation_id = aws_eip.nat[count.index].id
  subnet_id     = aws_subnet.public[count.index].id

  tags = { Name = "${local.prefix}farebox-${local.zones[count.index]}" }

  depends_on = [aws_route.public]
}

resource "aws_route_table" "public" {
  count = var.use_elasticache ? 1 : 0

  vpc_id = aws_vpc.main[0].id

  tags = { Name = "${local.prefix}farebox-public" }
}

resource "aws_route" "public" {
  count = var.use_elasticache ? 1 : 0

  route_table_id         = aws_route_table.public[0].id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main[0].id
}

resource "aws_route_table_association" "public" {
  count = local.nats

  route_table_id = aws_route_table.public[0].id
  subnet_id      = aws_subnet.public[count.index].id
}

resource "aws_route_table" "private" {
  count = length(local.zones)

  vpc_id = aws_vpc.main[0].id

  tags = { Name = "${local.prefix}farebox-private-${local.zones[count.index]}" }
}

resource "aws_route" "to_internet" {
  count = length(local.zones)

  route_table_id         = aws_route_table.private[count.index].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[count.index % local.nats].id
}

resource "aws_route_table_association" "private" {
  count = length(local.zones)

  route_table_id = aws_route_table.private[count.index].id
  subnet_id      = aws_subnet.private[count.index].id
}

# Through it the stages' own tables are reached, and no others: a key that was stolen is of no use from in here.
resource "aws_vpc_endpoint" "dynamodb" {
  count = var.use_elasticache ? 1 : 0

  vpc_id            = aws_vpc.main[0].id
  service_name      = "com.amazonaws.${var.region}.dynamodb"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = aws_route_table.private[*].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = "dynamodb:*"
      Resource  = flatten([for table in aws_dynamodb_table.books : [table.arn, "${table.arn}/index/*"]])
    }]
  })

  tags = { Name = "${local.prefix}farebox-dynamodb" }
}

resource "aws_security_group" "functions" {
  count = var.use_elasticache ? 1 : 0

  name        = "${local.prefix}farebox-functions"
  description = "Farebox's functions"
  vpc_id      = aws_vpc.main[0].id
}

resource "aws_vpc_security_group_egress_rule" "functions_https" {
  count = var.use_elasticache ? 1 : 0

  security_group_id = aws_security_group.functions[0].id
  description       = "OpenAI and AWS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "functions_answers" {
  count = var.use_elasticache ? 1 : 0

  security_group_id            = aws_security_group.functions[0].id
  description                  = "Memcached"
  referenced_security_group_id = aws_security_group.answers[0].id
  ip_protocol                  = "tcp"
  from_port                    = 11211
  to_port                      = 11211
}
