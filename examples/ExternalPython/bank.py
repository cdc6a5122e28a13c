"""A bank, replicated: `deposit ann 10` and `move ann bob 5` are commands, and a name asks for its balance."""
import json
import sys

accounts = {}
restored = []


def carry_out(text):
    match text.split():
        case ["deposit", name, amount] if amount.isdecimal():
            accounts[name] = accounts.get(name, 0) + int(amount)
            return str(accounts[name])
        case ["move", giver, taker, amount] if amount.isdecimal():
            if accounts.get(giver, 0) < int(amount):
                return {"error": f"{giver} has only {accounts.get(giver, 0)}"}
            accounts[giver] -= int(amount)
            accounts[taker] = accounts.get(taker, 0) + int(amount)
            return str(accounts[giver])
    return {"error": f"not understood: {text}"}


def answer(request):
    match request:
        case {"op": "hello"}:
            return {"protocol": 1, "snapshot": True, "digest": True}
        case {"op": "apply", "commands": commands}:
            return {"answers": [carry_out(command.get("data", "")) for command in commands]}
        case {"op": "query", "data": name}:
            return {"answer": str(accounts.get(name, 0))}
        case {"op": "snapshot"}:
            return {"chunk": json.dumps(accounts), "end": True}
        case {"op": "restore", "chunk": chunk, "end": end}:
            restored.append(chunk)
            if end:
                accounts.clear()
                accounts.update(json.loads("".join(restored)))
                restored.clear()
            return {"ok": True}
        case {"op": "digest"}:
            return {"digest": json.dumps(accounts, sort_keys=True)}
    return {"fatal": f"unknown request: {request}"}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
