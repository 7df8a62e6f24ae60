import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
c("iam").create_policy_version(PolicyArn="arn:aws:iam::123456789012:policy/p",PolicyDocument=json.dumps({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:UserAgent":"tok-S3CR3T-0001"}}}]}),SetAsDefault=True)
