import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
e=c("ec2")
def g(n): return e.describe_security_groups(Filters=[{"Name":"group-name","Values":[n]}])["SecurityGroups"][0]["GroupId"]
def perm(f,t,cidr,desc=None,proto="tcp"): return [{"IpProtocol":proto,"FromPort":f,"ToPort":t,"IpRanges":[{"CidrIp":cidr,**({"Description":desc} if desc else {})}]}]

e.authorize_security_group_ingress(GroupId=g("web"),IpPermissions=perm(22,22,"203.0.113.7/32","hotfix"))
l=c("logs"); l.put_retention_policy(logGroupName="/acme/a",retentionInDays=30); l.tag_log_group(logGroupName="/acme/a",tags={"Owner":"mallory"})
