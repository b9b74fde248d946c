# Writes its own notation. The checker says: perhaps it is the notation of your own language
s/json.dumps(answer(line))/str(answer(line))/
