namespace Graft.Cli;

/// <summary>What was typed before, the newest last, and where somebody stands who goes through it.</summary>
internal sealed class ShellHistory
{
    private const int EntriesMax = 1000;

    private readonly List<string> _entries = [];
    private string _draft = "";
    private int _at;

    internal IReadOnlyList<string> Entries => _entries;

    /// <summary>Keeps an entry; the same twice in a row once, and nothing empty.</summary>
    internal void Add(string entry)
    {
        if (entry.Length > 0 && (_entries.Count == 0 || _entries[^1] != entry))
        {
            _entries.Add(entry);
            if (_entries.Count > EntriesMax)
            {
                _entries.RemoveAt(0);
            }
        }

        Rewind();
    }

    internal void Rewind() => (_at, _draft) = (_entries.Count, "");

    /// <summary>The entry before the one that is shown; null if there is none.</summary>
    /// <param name="shown">What is shown, to come back to.</param>
    internal string? Back(string shown)
    {
        if (_at == 0)
        {
            return null;
        }

        _draft = _at == _entries.Count ? shown : _draft;
        return _entries[--_at];
    }

    /// <summary>The entry behind the one that is shown, and at last what was begun; null if that is it.</summary>
    internal string? Forward()
    {
        if (_at == _entries.Count)
        {
            return null;
        }

        _at++;
        return _at == _entries.Count ? _draft : _entries[_at];
    }
}
