terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
  backend "s3" {
    bucket = "acme-terraform-states"
    key    = "prod/network/terraform.tfstate"
    region = "eu-central-1"
  }
}

provider "aws" {
  region = "eu-central-1"
}

variable "cidr" {
  type = string
}

module "vpc" {
  source = "../../../modules/vpc"
  cidr   = var.cidr
}

output "vpc" {
  value = module.vpc.id
}
