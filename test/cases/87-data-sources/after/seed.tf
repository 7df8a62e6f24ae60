# the parameter is made by hand, see mutate.py
