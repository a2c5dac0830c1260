print(env)
