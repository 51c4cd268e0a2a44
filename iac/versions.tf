terraform {
  required_version = ">= 1.11" # write-only arguments keep the OpenAI keys out of the state

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

provider "aws" {
  region  = var.region
  profile = var.profile

  default_tags {
    tags = merge({ Application = "farebox" }, var.tags)
  }
}
