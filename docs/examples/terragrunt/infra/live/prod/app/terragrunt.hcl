include "root" {
  path = find_in_parent_folders("root.hcl")
}

terraform {
  source = "${get_repo_root()}//modules/app"
}

dependency "vpc" {
  config_path = "../vpc"
}

inputs = {
  vpc = dependency.vpc.outputs.id
}
