import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
c("s3").put_bucket_policy(Bucket="acme-docs",Policy=json.dumps({"Version":"2012-10-17","Statement":[
 {'Sid': 'Read', 'Effect': 'Allow', 'Principal': {'AWS': 'arn:aws:iam::123456789012:root'}, 'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::acme-docs/*'},
 {'Sid': 'NoDelete', 'Effect': 'Allow', 'Principal': {'AWS': 'arn:aws:iam::123456789012:root'}, 'Action': 's3:DeleteObject', 'Resource': 'arn:aws:s3:::acme-docs/*'},
 {'Sid': 'Open', 'Effect': 'Allow', 'Principal': '*', 'Action': 's3:GetObject', 'Resource': 'arn:aws:s3:::acme-docs/*'}]}))
