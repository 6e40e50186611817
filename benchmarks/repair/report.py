def report(wanted, chosen):
    print("no table yet")
