import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5611", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
l=c("logs")
l.tag_log_group(logGroupName="/acme/ignored",tags={"Owner":"mallory"}); l.put_retention_policy(logGroupName="/acme/ignored",retentionInDays=1)
l.put_retention_policy(logGroupName="/acme/caughtup",retentionInDays=30)
q=c("sqs"); u=q.get_queue_url(QueueName="unset")["QueueUrl"]; q.set_queue_attributes(QueueUrl=u,Attributes={"Policy":json.dumps({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}]})}); q.set_queue_attributes(QueueUrl=u,Attributes={"KmsDataKeyReusePeriodSeconds":"600"})
l.put_retention_policy(logGroupName="/acme/old",retentionInDays=14)
e=c("ec2")
def sg(n): return e.describe_security_groups(Filters=[{"Name":"group-name","Values":[n]}])["SecurityGroups"][0]["GroupId"]
e.revoke_security_group_ingress(GroupId=sg("multi"),IpPermissions=[{"IpProtocol":"tcp","FromPort":80,"ToPort":80,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}])
e.authorize_security_group_ingress(GroupId=sg("multi"),IpPermissions=[{"IpProtocol":"tcp","FromPort":8080,"ToPort":8080,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}])
e.authorize_security_group_ingress(GroupId=sg("single"),IpPermissions=[{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"1.2.3.4/32"}]}])
i=c("iam"); arn=[p for p in i.list_policies(Scope="Local")["Policies"] if p["PolicyName"]=="p"][0]["Arn"]
i.create_policy_version(PolicyArn=arn,PolicyDocument=json.dumps({"Version":"2012-10-17","Statement":[{"Sid":"S3","Effect":"Allow","Action":["s3:ListBucket","s3:*"],"Resource":"*"}]}),SetAsDefault=True)
l.put_retention_policy(logGroupName="/acme/gone",retentionInDays=1)
l.put_retention_policy(logGroupName="/acme/repl",retentionInDays=1)
l.create_log_group(logGroupName="/acme/hand"); l.create_log_group(logGroupName="/acme/hand2")
l.put_retention_policy(logGroupName="/acme/hand2",retentionInDays=1) if False else None
c("s3").delete_bucket(Bucket="acme-deleted")
