import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5611", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
c("ssm").put_parameter(Name="/secure",Value="HAND-5ecret-0002",Type="SecureString",Overwrite=True)
c("secretsmanager").put_secret_value(SecretId="s",SecretString=json.dumps({"user":"app","password":"by-hand-pass-99"}))
l=c("logs"); l.tag_log_group(logGroupName="/acme/tagged",tags={"Owner":"mallory","Team":"evil"})
l.delete_log_group(logGroupName="/ct/2"); l.put_retention_policy(logGroupName="/m/a.b/c",retentionInDays=1)
z=c("route53").list_hosted_zones()["HostedZones"][0]["Id"]
c("route53").change_resource_record_sets(HostedZoneId=z,ChangeBatch={"Changes":[{"Action":"UPSERT","ResourceRecordSet":{"Name":"www.acme.test","Type":"A","TTL":300,"ResourceRecords":[{"Value":v} for v in ("10.0.0.3","10.0.0.1","10.9.9.9")]}}]})
d=c("dynamodb"); a=d.describe_table(TableName="t")["Table"]["TableArn"]; d.untag_resource(ResourceArn=a,TagKeys=["a.b/c"]); d.update_time_to_live(TableName="t",TimeToLiveSpecification={"Enabled":True,"AttributeName":"exp"})
i=c("iam"); i.create_policy_version(PolicyArn="arn:aws:iam::123456789012:policy/order",PolicyDocument=json.dumps({"Statement":[{"Action":["s3:ListBucket","s3:GetObject"],"Effect":"Allow","Resource":["*"]}],"Version":"2012-10-17"},indent=2),SetAsDefault=True)
c("s3").put_bucket_versioning(Bucket="acme-v",VersioningConfiguration={"Status":"Suspended"})
