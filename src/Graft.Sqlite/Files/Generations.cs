using System.Globalization;
using Graft.Storage;

namespace Graft.Sqlite;

/// <summary>The files of a database: one generation after another, each put in force by a rename.</summary>
internal sealed class Generations
{
    private const string Prefix = "state-";
    private const string Suffix = ".db";
    private const string FailedSuffix = ".failed";
    private const string IncomingName = "incoming.db";
    private const string ImagePrefix = "image-";
    private const string TemporarySuffix = ".tmp";
    private const int Digits = 16;

    // What SQLite puts beside a database.
    private static readonly string[] Beside = ["", "-wal", "-shm", "-journal"];

    private readonly string _directory;
    private readonly FileDisk _disk;
    private ulong _current;
    private long _images;

    /// <summary>Looks what is there, and clears away what a crash has left behind.</summary>
    /// <param name="directory">The database's own; made if it isn't there.</param>
    /// <exception cref="DiskException">The directory can't be made, read or cleared.</exception>
    internal Generations(string directory)
    {
        _directory = directory;
        _disk = new FileDisk(directory);
        _disk.CreateDirectory(string.Empty);
        IReadOnlyList<string> names = _disk.ListFiles(string.Empty);
        foreach (string name in names)
        {
            if (TryParse(name, out ulong number))
            {
                _current = Math.Max(_current, number);
            }
        }

        foreach (string name in names)
        {
            bool isOlder = name.StartsWith(Prefix, StringComparison.Ordinal) && !name.StartsWith(NameOf(_current), StringComparison.Ordinal)
                && !name.EndsWith(FailedSuffix, StringComparison.Ordinal);
            if (isOlder || name.StartsWith(IncomingName, StringComparison.Ordinal) || name.StartsWith(ImagePrefix, StringComparison.Ordinal)
                || name.EndsWith(TemporarySuffix, StringComparison.Ordinal))
            {
                _disk.Delete(name);
            }
        }
    }

    /// <summary>The path of the state in force, whether it's there or not.</summary>
    internal string Current => PathOf(NameOf(_current));

    /// <summary>The path of a state that is being restored.</summary>
    internal string Incoming => PathOf(IncomingName);

    /// <summary>Whether there's a state.</summary>
    internal bool HasState => _current > 0;

    /// <summary>Begins the first generation.</summary>
    internal void BeginFirst() => _current = Math.Max(_current, 1);

    /// <summary>Makes the name of a new generation durable.</summary>
    internal void FlushNames() => _disk.FlushDirectory(string.Empty);

    /// <summary>The path of a file for a copy, of which there's none yet.</summary>
    internal string NewImage() => PathOf(string.Create(CultureInfo.InvariantCulture, $"{ImagePrefix}{Interlocked.Increment(ref _images)}.db"));

    /// <summary>Makes room for an incoming state.</summary>
    internal void ClearIncoming() => Delete(Incoming);

    /// <summary>Puts the incoming state in force: the rename is the moment. Its file is closed and whole, with nothing beside it.</summary>
    /// <returns>The path of what was in force; null if nothing was.</returns>
    internal string? Install()
    {
        using (IDiskFile file = _disk.Open(IncomingName, DiskAccess.ReadWrite))
        {
            file.Flush();
        }

        _disk.FlushDirectory(string.Empty);
        string? before = HasState ? Current : null;
        _disk.Rename(IncomingName, NameOf(_current + 1));
        _disk.FlushDirectory(string.Empty);
        _current++;
        return before;
    }

    /// <summary>Takes the state out of force: nobody knows what of it is on the disk. The next start finds none.</summary>
    internal void Fail()
    {
        _disk.Rename(NameOf(_current), NameOf(_current) + FailedSuffix);
        _disk.FlushDirectory(string.Empty);
    }

    /// <summary>Deletes a database and what SQLite puts beside it.</summary>
    /// <param name="database">Its path.</param>
    internal void Delete(string database)
    {
        foreach (string end in Beside)
        {
            string name = Path.GetFileName(database) + end;
            if (_disk.FileExists(name))
            {
                _disk.Delete(name);
            }
        }
    }

    private static string NameOf(ulong number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:x16}{Suffix}");

    private static bool TryParse(string name, out ulong number)
    {
        number = 0;
        return name.Length == Prefix.Length + Digits + Suffix.Length
            && name.StartsWith(Prefix, StringComparison.Ordinal)
            && name.EndsWith(Suffix, StringComparison.Ordinal)
            && ulong.TryParse(name.AsSpan(Prefix.Length, Digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out number);
    }

    private string PathOf(string name) => Path.Combine(_directory, name);
}
