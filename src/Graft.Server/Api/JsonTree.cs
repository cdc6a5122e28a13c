using System.Text.Json.Nodes;

namespace Graft.Server;

/// <summary>Reports, which are looked into before they are written.</summary>
internal static class JsonTree
{
    internal static void Write(GoJson json, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                json.BeginObject();
                foreach ((string name, JsonNode? member) in members)
                {
                    json.Name(name);
                    Write(json, member);
                }

                json.EndObject();
                break;
            case JsonArray elements:
                json.BeginArray();
                foreach (JsonNode? element in elements)
                {
                    Write(json, element);
                }

                json.EndArray();
                break;
            case JsonValue value:
                Write(json, value);
                break;
            default:
                json.Null();
                break;
        }
    }

    /// <summary>What a dotted path leads to; an empty object if nowhere, as the dialect has it.</summary>
    internal static JsonNode Find(JsonNode root, string? path)
    {
        JsonNode? found = root;
        foreach (string part in (path ?? "").Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            found = found is JsonObject members ? members[part] : null;
        }

        return found ?? new JsonObject();
    }

    private static void Write(GoJson json, JsonValue value)
    {
        if (value.TryGetValue(out string? text))
        {
            json.Text(text);
        }
        else if (value.TryGetValue(out bool truth))
        {
            json.Boolean(truth);
        }
        else if (value.TryGetValue(out ulong natural))
        {
            json.Number(natural);
        }
        else if (value.TryGetValue(out long integer))
        {
            json.Number(integer);
        }
        else if (value.TryGetValue(out int small))
        {
            json.Number((long)small);
        }
        else
        {
            json.Number(value.GetValue<double>());
        }
    }
}
