import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
i=c("iam"); i.detach_role_policy(RoleName="app",PolicyArn="arn:aws:iam::123456789012:policy/p"); i.create_user(UserName="eve"); i.add_user_to_group(GroupName="g",UserName="eve")
