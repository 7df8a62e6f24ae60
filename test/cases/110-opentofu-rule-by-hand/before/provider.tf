terraform {
  required_providers { aws = { source = "registry.terraform.io/hashicorp/aws" } }
}
provider "aws" {
  region                      = "us-east-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  s3_use_path_style           = true
  endpoints {
    s3 = "http://127.0.0.1:5600"
    ec2 = "http://127.0.0.1:5600"
    sts = "http://127.0.0.1:5600"
    iam = "http://127.0.0.1:5600"
    ssm = "http://127.0.0.1:5600"
    secretsmanager = "http://127.0.0.1:5600"
    logs = "http://127.0.0.1:5600"
    sqs = "http://127.0.0.1:5600"
    dynamodb = "http://127.0.0.1:5600"
    route53 = "http://127.0.0.1:5600"
  }
}
