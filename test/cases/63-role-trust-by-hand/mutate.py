import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
i=c("iam")
i.update_assume_role_policy(RoleName="app",PolicyDocument=json.dumps({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com","AWS":"arn:aws:iam::999999999999:root"},"Action":"sts:AssumeRole"}]}))
i.update_role(RoleName="app",MaxSessionDuration=7200)
i.put_role_policy(RoleName="app",PolicyName="read",PolicyDocument=json.dumps({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject","s3:*"],"Resource":"*"}]}))
