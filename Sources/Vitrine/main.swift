import API
print("hi")
