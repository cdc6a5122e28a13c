using System.Globalization;

namespace Graft.Consensus.Tests.Scenarios;

/// <summary>One command line: a verb, words, and <c>name=value</c> arguments. Whatever isn't asked for is an error.</summary>
internal sealed class ScriptCommand
{
    private readonly string _where;
    private readonly string[] _words;
    private readonly Dictionary<string, string> _named = [];
    private readonly HashSet<string> _asked = [];
    private int _next = 1;

    internal ScriptCommand(string file, int line, string text)
    {
        _where = $"{file}:{line}: {text}";
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        _words = [.. parts.Where(part => !part.Contains('='))];
        foreach (string part in parts.Where(part => part.Contains('=')))
        {
            string name = part[..part.IndexOf('=')];
            if (name.Length == 0 || !_named.TryAdd(name, part[(name.Length + 1)..]))
            {
                throw Error($"'{part}' has no name, or its name is given twice");
            }
        }
    }

    internal string Verb => _words.Length == 0 ? string.Empty : _words[0];

    /// <summary>Whether it has a name=value argument.</summary>
    internal bool IsNamed => _named.Count > 0;

    internal ScriptException Error(string what) => new($"{_where}\n  {what}.");

    internal ScriptException Error(string what, Exception inner) => new($"{_where}\n  {what}", inner);

    /// <summary>The next word after the verb, or null.</summary>
    internal string? NextWord() => _next < _words.Length ? _words[_next++] : null;

    /// <summary>Takes the next word if it is this one.</summary>
    internal bool TakesWord(string word)
    {
        bool isNext = _next < _words.Length && _words[_next] == word;
        _next += isNext ? 1 : 0;
        return isNext;
    }

    internal string Word(string what) => NextWord() ?? throw Error($"{what} is missing");

    internal NodeId Node() => ToNode(Word("The node"));

    internal string? Text(string name)
    {
        _asked.Add(name);
        return _named.GetValueOrDefault(name);
    }

    internal NodeId? Node(string name) => Text(name) is { } text ? ToNode(text) : null;

    internal NodeId[] Nodes(string name) => Text(name) is { } text ? [.. text.Split(',').Select(ToNode)] : [];

    internal ulong? Number(string name) => Text(name) is { } text ? ToNumber(text, name) : null;

    internal TimeSpan? Time(string name) => Text(name) is { } text ? ToTime(text) : null;

    internal TimeSpan Time() => ToTime(Word("How long"));

    internal T? Named<T>(string name)
        where T : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        return Enum.TryParse(text, ignoreCase: true, out T value) && !char.IsAsciiDigit(text[0])
            ? value
            : throw Error($"'{text}' is no {typeof(T).Name}: {string.Join(", ", Enum.GetNames<T>())}");
    }

    /// <summary>"5@t2".</summary>
    internal EntryId? Entry(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        string[] parts = text.Split("@t");
        return parts.Length == 2
            ? new EntryId(new Term(ToNumber(parts[1], name)), new LogIndex(ToNumber(parts[0], name)))
            : throw Error($"'{text}' is no entry like 5@t2");
    }

    /// <summary>Called when the command has taken what it knows.</summary>
    internal void EnsureNothingLeft()
    {
        if (_next < _words.Length)
        {
            throw Error($"'{_words[_next]}' means nothing here");
        }

        if (_named.Keys.FirstOrDefault(name => !_asked.Contains(name)) is { } unknown)
        {
            throw Error($"'{unknown}=' means nothing here");
        }
    }

    internal NodeId ToNode(string text) => new(ToNumber(text, "a node"));

    internal ulong ToNumber(string text, string what) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? number
            : throw Error($"'{text}' is no number ({what})");

    private TimeSpan ToTime(string text) =>
        text.EndsWith("ms", StringComparison.Ordinal) && int.TryParse(text[..^2], CultureInfo.InvariantCulture, out int milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw Error($"'{text}' is no time like 200ms");
}
