EXAMPLES = ""


def add_arguments(p): ...
def run(a, t):
    return 0
