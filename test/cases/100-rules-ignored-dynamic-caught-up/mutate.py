import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
e=c("ec2")
def g(n): return e.describe_security_groups(Filters=[{"Name":"group-name","Values":[n]}])["SecurityGroups"][0]["GroupId"]
def perm(f,cidr): return [{"IpProtocol":"tcp","FromPort":f,"ToPort":f,"IpRanges":[{"CidrIp":cidr}]}]

e.revoke_security_group_ingress(GroupId=g("ign"),IpPermissions=perm(80,"10.0.0.0/8"))
e.authorize_security_group_ingress(GroupId=g("ign"),IpPermissions=perm(22,"203.0.113.7/32"))
e.authorize_security_group_ingress(GroupId=g("dyn"),IpPermissions=perm(22,"203.0.113.7/32"))
c("logs").put_retention_policy(logGroupName="/acme/v",retentionInDays=30)
