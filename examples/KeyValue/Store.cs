using System.Text.Json;
using Graft;

/// <summary>Sets a key, or removes it if <paramref name="Value"/> is null.</summary>
/// <param name="Key">Of what.</param>
/// <param name="Value">The new value.</param>
/// <param name="Expected">Only if this is its version by now; 0 only if there is none; null in any case.</param>
internal sealed record Change(string Key, string? Value, ulong? Expected);

/// <summary>What became of a change.</summary>
/// <param name="IsDone">False if another version was there than expected: nothing has changed then.</param>
/// <param name="Version">The key's version now; 0 if it isn't there.</param>
internal sealed record Outcome(bool IsDone, ulong Version);

/// <summary>A value and the place in the log that wrote it, which no other write of any key has.</summary>
internal sealed record Entry(string Value, ulong Version);

/// <summary>The replicated state: keys, values and versions.</summary>
internal sealed class Store : IStateMachine<Change, Outcome>
{
    private Dictionary<string, Entry> _entries = [];

    public Outcome Apply(Change command, AppliedAt at)
    {
        ulong version = Find(command.Key)?.Version ?? 0;
        if (command.Expected is { } expected && expected != version)
        {
            return new Outcome(IsDone: false, version);
        }

        if (command.Value is null)
        {
            _entries.Remove(command.Key);
            return new Outcome(IsDone: true, Version: 0);
        }

        _entries[command.Key] = new Entry(command.Value, at.Index.Value);
        return new Outcome(IsDone: true, at.Index.Value);
    }

    public Entry? Find(string key) => _entries.GetValueOrDefault(key);

    public void Save(Stream snapshot) => JsonSerializer.Serialize(snapshot, _entries);

    public void Load(Stream snapshot) => _entries = JsonSerializer.Deserialize<Dictionary<string, Entry>>(snapshot)!;
}
