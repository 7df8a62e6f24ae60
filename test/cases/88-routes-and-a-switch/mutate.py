import boto3, json
def c(s): return boto3.client(s, endpoint_url="http://127.0.0.1:5621", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
e=c("ec2")
t=[t for t in e.describe_route_tables()["RouteTables"] if any(r.get("GatewayId","").startswith("igw") for r in t["Routes"])]
gw=e.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
import os
for t in e.describe_route_tables()["RouteTables"]:
    if any(k["Key"]=="x" for k in t["Tags"]): pass
inline=json.load(open("terraform.tfstate"))
i=[r for r in inline["resources"] if r["type"]=="aws_route_table" and r["name"]=="inline"][0]["instances"][0]["attributes"]["id"]
e.create_route(RouteTableId=i,DestinationCidrBlock="192.168.0.0/16",GatewayId=gw)
s=e.describe_subnets(Filters=[{"Name":"cidr-block","Values":["10.0.1.0/24"]}])["Subnets"][0]["SubnetId"]
e.modify_subnet_attribute(SubnetId=s,MapPublicIpOnLaunch={"Value":True})
