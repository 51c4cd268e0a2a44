variable "region" {
  description = "The AWS region that everything is in."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.region))
    error_message = "region must be the name of an AWS region, such as us-east-1."
  }
}

variable "profile" {
  description = "The profile of your AWS configuration to use; null: the environment's credentials."
  type        = string
  default     = null
}

variable "name_prefix" {
  description = "Goes before every name, with a hyphen, so that a second Farebox fits into an account. Without it the functions are named openai-proxy-<stage>, openai-admin-<stage> and openai-sweep-<stage>."
  type        = string
  default     = ""

  validation {
    condition     = var.name_prefix == "" || can(regex("^[a-z][a-z0-9-]{0,14}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 2 to 16 of a-z, 0-9 and -, start with a letter and not end with -; the hyphen that joins it to the names is added."
  }
}

variable "tags" {
  description = "Tags for every resource that takes tags."
  type        = map(string)
  default     = {}
}

variable "packages_dir" {
  description = "The folder of proxy.zip, admin.zip and sweep.zip, as `npm run build` makes it."
  type        = string
  default     = "../dist"

  validation {
    condition     = alltrue([for name in ["proxy", "admin", "sweep"] : fileexists("${var.packages_dir}/${name}.zip")])
    error_message = "packages_dir must hold proxy.zip, admin.zip and sweep.zip: run `npm run build` first, or name the folder that they are in."
  }
}

variable "openai_keys" {
  description = "The OpenAI key of each stage that names no openai_secret_arn, by stage. It is written to Secrets Manager and kept nowhere else: neither in a plan nor in the state. It is written again when the stage's openai_key_version rises."
  type        = map(string)
  default     = {}
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = alltrue([for stage, settings in var.stages : settings.openai_secret_arn != null || can(regex("^\\S{20,}$", var.openai_keys[stage]))])
    error_message = "openai_keys must have the OpenAI key of every stage that has no openai_secret_arn. Give it by the environment, so that it stands in no file: export TF_VAR_openai_keys='{\"dev\":\"sk-…\",\"prod\":\"sk-…\"}'."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the tables with the books. To tear down, apply with false first."
  type        = bool
  default     = true
}

variable "secret_recovery_days" {
  description = "How many days a deleted secret can be restored, 7 to 30, during which its name is taken; 0: none."
  type        = number
  default     = 7

  validation {
    condition     = var.secret_recovery_days == 0 || (var.secret_recovery_days >= 7 && var.secret_recovery_days <= 30)
    error_message = "secret_recovery_days must be 0, or 7 to 30."
  }
}

variable "log_retention_days" {
  description = "How many days CloudWatch keeps the functions' logs."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one that CloudWatch offers: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "use_xray" {
  description = "Whether AWS X-Ray traces the functions."
  type        = bool
  default     = false
}

variable "managed_policies" {
  description = "Whether to make managed policies for callers and admins of each stage; the outputs have their text in any case."
  type        = bool
  default     = true
}

variable "use_elasticache" {
  description = "Whether answers are cached in a Memcached cluster, with a VPC and a NAT gateway, which cost money without a single call. Without it they are cached in a DynamoDB table."
  type        = bool
  default     = false
}

variable "num_azs" {
  description = "With use_elasticache: over how many availability zones the private subnets spread."
  type        = number
  default     = 2

  validation {
    condition     = var.num_azs >= 1 && var.num_azs <= 4 && floor(var.num_azs) == var.num_azs
    error_message = "num_azs must be 1 to 4."
  }
}

variable "nat_per_az" {
  description = "With use_elasticache: a NAT gateway in each zone, so that the loss of one zone is not the loss of the way to OpenAI; otherwise one for all."
  type        = bool
  default     = false
}

variable "vpc_cidr" {
  description = "With use_elasticache: the addresses of the VPC, a /16 to /22."
  type        = string
  default     = "10.71.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 4, 15)) && can(regex("/(16|17|18|19|20|21|22)$", var.vpc_cidr))
    error_message = "vpc_cidr must be an IPv4 range of /16 to /22, such as 10.71.0.0/16."
  }
}

variable "cache_node_type" {
  description = "With use_elasticache: the size of a cache node."
  type        = string
  default     = "cache.t4g.micro"

  validation {
    condition     = startswith(var.cache_node_type, "cache.")
    error_message = "cache_node_type must be a node type of ElastiCache, such as cache.t4g.micro."
  }
}

variable "cache_nodes" {
  description = "With use_elasticache: how many nodes the cluster has. They hold different answers: more nodes hold more, and a lost one loses its share."
  type        = number
  default     = 1

  validation {
    condition     = var.cache_nodes >= 1 && var.cache_nodes <= 40 && floor(var.cache_nodes) == var.cache_nodes
    error_message = "cache_nodes must be 1 to 40."
  }
}
