using Graft.Consensus;
using Graft.Storage;

namespace Graft.Simulation.Disks;

/// <summary>A disk that loses power, lies and rots on request, the same way for the same seed.</summary>
/// <remarks>
/// <para>
/// Each file has bytes on the platter, pending changes in order (data, and lengths apart from the data), and the cache
/// view, which is what reads see. Each directory has names on the platter, pending name changes, and the names that show.
/// A flush moves the pending changes of one file or of one directory to the platter; <see cref="Crash"/> keeps what it
/// likes of all the others, <see cref="Kill"/> keeps the cache. A file exists as long as a name on the platter or in view
/// points to it.
/// </para>
/// <para>docs/internals/simulated-disk.md says what each fault is, and what isn't modelled.</para>
/// <para>Not thread-safe: a simulation has one thread.</para>
/// </remarks>
public sealed partial class SimulatedDisk : IDisk
{
    /// <summary>What a file or a directory occupies by itself, in bytes of the quota.</summary>
    public const int BytesPerName = 512;

    private const int Root = 0;

    private readonly SimulatedDiskOptions _options;
    private readonly SeededRandom _crashes;
    private readonly SeededRandom _faults;

    // Apart from the others, so that taking a fork changes nothing in the history it is taken from.
    private readonly SeededRandom _forks;

    private readonly List<Inode?> _inodes = [];
    private readonly List<DirectoryNode?> _directories = [new(Root, "")];
    private readonly SortedDictionary<int, string> _locks = [];

    private long _nextSerial;

    // Grows when the process ends: a file or a lock of an earlier one is dead.
    private int _process;

    /// <summary>An empty disk.</summary>
    /// <param name="random">Everything drawn comes from it.</param>
    /// <param name="options">The kind of disk; null for the defaults.</param>
    public SimulatedDisk(SeededRandom random, SimulatedDiskOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        _options = options ?? new SimulatedDiskOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.SectorBytes, 1, nameof(options));
        _crashes = random.Fork();
        _faults = random.Fork();
        _forks = random.Fork();
    }

    internal int Process => _process;

    /// <inheritdoc/>
    public void CreateDirectory(string directory)
    {
        DiskFault fault = Begin(DiskCall.CreateDirectory, directory);
        if (ActsBeforeFailing(fault))
        {
            string[] names = Split(directory);
            DirectoryNode parent = _directories[Root]!;
            foreach (string name in names)
            {
                parent = Enter(parent, name, directory);
            }
        }

        End(DiskCall.CreateDirectory, directory, fault);
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> ListFiles(string directory) => List(DiskCall.ListFiles, directory, areDirectories: false);

    /// <inheritdoc/>
    public IReadOnlyList<string> ListDirectories(string directory) =>
        List(DiskCall.ListDirectories, directory, areDirectories: true);

    /// <inheritdoc/>
    public bool FileExists(string file)
    {
        DiskFault fault = Begin(DiskCall.FileExists, file);
        End(DiskCall.FileExists, file, fault);
        return Find(file) is { IsDirectory: false };
    }

    /// <inheritdoc/>
    public IDiskFile Open(string file, DiskAccess access)
    {
        DiskCall call = access == DiskAccess.Create ? DiskCall.Create : DiskCall.Open;
        DiskFault fault = Begin(call, file);
        if (access != DiskAccess.Create)
        {
            End(call, file, fault);
            return new SimulatedFile(this, Existing(file, call), file, canWrite: access == DiskAccess.ReadWrite);
        }

        if (ActsBeforeFailing(fault))
        {
            Create(file);
        }

        End(call, file, fault);
        return new SimulatedFile(this, Existing(file, call), file, canWrite: true);
    }

    /// <inheritdoc/>
    public void Rename(string file, string newPath)
    {
        DiskFault fault = Begin(DiskCall.Rename, file, newPath);
        if (ActsBeforeFailing(fault))
        {
            Move(file, newPath);
        }

        End(DiskCall.Rename, file, fault);
    }

    /// <inheritdoc/>
    public void Delete(string file)
    {
        DiskFault fault = Begin(DiskCall.Delete, file);
        if (ActsBeforeFailing(fault))
        {
            Inode inode = Existing(file, DiskCall.Delete);
            (DirectoryNode parent, string name) = Place(file, DiskCall.Delete);
            inode.VisibleNames--;
            Change(parent, PendingKind.Unlink, name, "", new Entry(false, inode.Id));
        }

        End(DiskCall.Delete, file, fault);
    }

    /// <inheritdoc/>
    public void FlushDirectory(string directory)
    {
        DiskFault fault = Begin(DiskCall.FlushDirectory, directory);
        DirectoryNode node = Directory(directory)
            ?? throw Failure(DiskError.NotFound, DiskCall.FlushDirectory, directory, "no such directory");
        if (fault == DiskFault.Fail)
        {
            GiveUp(node);
        }
        else if (fault == DiskFault.None && !FlushesLie)
        {
            MakeDurable(node, long.MaxValue);
            Sweep();
        }

        End(DiskCall.FlushDirectory, directory, fault);
    }

    /// <inheritdoc/>
    public IDisposable Lock(string file, string holder)
    {
        ArgumentNullException.ThrowIfNull(holder);
        DiskFault fault = Begin(DiskCall.Lock, file);
        End(DiskCall.Lock, file, fault);
        Inode inode = Find(file) is null ? Create(file) : Existing(file, DiskCall.Lock);
        if (_locks.TryGetValue(inode.Id, out string? other))
        {
            throw Failure(DiskError.Locked, DiskCall.Lock, file, $"held by {other}");
        }

        byte[] text = System.Text.Encoding.UTF8.GetBytes(holder);
        PutLength(inode, 0);
        PutData(inode, text, 0);
        _locks.Add(inode.Id, holder);
        return new SimulatedLock(this, inode);
    }

    internal void Unlock(SimulatedLock held, Inode inode)
    {
        if (held.Process == _process)
        {
            _locks.Remove(inode.Id);
        }
    }

    private List<string> List(DiskCall call, string directory, bool areDirectories)
    {
        DiskFault fault = Begin(call, directory);
        End(call, directory, fault);
        List<string> names = [];
        if (Directory(directory) is { } node)
        {
            foreach ((string name, Entry entry) in node.Visible)
            {
                if (entry.IsDirectory == areDirectories)
                {
                    names.Add(name);
                }
            }
        }

        return names;
    }

    private DirectoryNode Enter(DirectoryNode parent, string name, string wanted)
    {
        if (parent.Visible.TryGetValue(name, out Entry entry))
        {
            return entry.IsDirectory
                ? _directories[entry.Id]!
                : throw Failure(DiskError.Exists, DiskCall.CreateDirectory, wanted, $"{name} is a file");
        }

        NeedSpace(BytesPerName, DiskCall.CreateDirectory, wanted);
        var node = new DirectoryNode(_directories.Count, parent.Path.Length == 0 ? name : $"{parent.Path}/{name}");
        _directories.Add(node);
        Change(parent, PendingKind.Link, name, "", new Entry(true, node.Id));
        return node;
    }

    private Inode Create(string file)
    {
        (DirectoryNode parent, string name) = Place(file, DiskCall.Create);
        if (parent.Visible.ContainsKey(name))
        {
            throw Failure(DiskError.Exists, DiskCall.Create, file, "the name is taken");
        }

        NeedSpace(BytesPerName, DiskCall.Create, file);
        var inode = new Inode(_inodes.Count) { Path = file, VisibleNames = 1 };
        _inodes.Add(inode);
        Change(parent, PendingKind.Link, name, "", new Entry(false, inode.Id));
        return inode;
    }

    private void Move(string file, string newPath)
    {
        Inode inode = Existing(file, DiskCall.Rename);
        (DirectoryNode from, string name) = Place(file, DiskCall.Rename);
        (DirectoryNode to, string newName) = Place(newPath, DiskCall.Rename);
        if (to.Visible.TryGetValue(newName, out Entry replaced))
        {
            if (replaced.IsDirectory)
            {
                throw Failure(DiskError.Failed, DiskCall.Rename, newPath, "it is a directory");
            }

            if (replaced.Id == inode.Id)
            {
                return;
            }

            _inodes[replaced.Id]!.VisibleNames--;
        }

        inode.Path = newPath;
        var entry = new Entry(false, inode.Id);
        if (from.Id == to.Id)
        {
            Change(from, PendingKind.Move, name, newName, entry);
            return;
        }

        PendingChange link = Change(to, PendingKind.Link, newName, "", entry);
        Change(from, PendingKind.Unlink, name, "", entry, link);
    }

    private PendingChange Change(
        DirectoryNode owner, PendingKind kind, string name, string newName, Entry entry, PendingChange? partner = null)
    {
        var change = new PendingChange
        {
            Serial = _nextSerial++,
            Kind = kind,
            Owner = owner.Id,
            Path = owner.Path,
            Name = name,
            NewName = newName,
            Entry = entry,
            Partner = partner,
        };
        DirectoryNode.Apply(owner.Visible, change);
        owner.Pending.Add(change);
        return change;
    }

    /// <summary>The pending names of a directory up to <paramref name="last"/> become durable.</summary>
    /// <remarks>
    /// In an ordered journal an unlink that belongs to a move takes the link along, wherever that one waits: otherwise this
    /// flush, followed by a power loss, would lose both names.
    /// </remarks>
    private void MakeDurable(DirectoryNode node, long last)
    {
        int count = 0;
        while (count < node.Pending.Count && node.Pending[count].Serial <= last)
        {
            PendingChange change = node.Pending[count++];
            DirectoryNode.Apply(node.Durable, change);
        }

        List<PendingChange> done = node.Pending.GetRange(0, count);
        node.Pending.RemoveRange(0, count);
        foreach (PendingChange change in done)
        {
            TakePartnerAlong(change);
        }
    }

    private void TakePartnerAlong(PendingChange unlink)
    {
        if (_options.Journal == JournalOrder.Ordered && unlink.Partner is { } link && _directories[link.Owner] is { } other)
        {
            MakeDurable(other, link.Serial);
        }
    }

    private Entry? Find(string path)
    {
        (DirectoryNode? parent, string name) = Parent(path);
        return parent is not null && parent.Visible.TryGetValue(name, out Entry entry) ? entry : null;
    }

    private Inode Existing(string file, DiskCall call) => Find(file) switch
    {
        null => throw Failure(DiskError.NotFound, call, file, "no such file"),
        { IsDirectory: true } => throw Failure(DiskError.Failed, call, file, "it is a directory"),
        { Id: int id } => _inodes[id]!,
    };

    private (DirectoryNode Parent, string Name) Place(string path, DiskCall call)
    {
        (DirectoryNode? parent, string name) = Parent(path);
        return (parent ?? throw Failure(DiskError.NotFound, call, path, "no such directory"), name);
    }

    private (DirectoryNode? Parent, string Name) Parent(string path)
    {
        string[] names = Split(path);
        if (names.Length == 0)
        {
            throw new ArgumentException("The data directory itself is not a file.", nameof(path));
        }

        return (Walk(names.AsSpan(..^1)), names[^1]);
    }

    private DirectoryNode? Directory(string path) => Walk(Split(path));

    private DirectoryNode? Walk(ReadOnlySpan<string> names)
    {
        DirectoryNode node = _directories[Root]!;
        foreach (string name in names)
        {
            if (!node.Visible.TryGetValue(name, out Entry entry) || !entry.IsDirectory)
            {
                return null;
            }

            node = _directories[entry.Id]!;
        }

        return node;
    }

    private static string[] Split(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string[] names = path.Length == 0 ? [] : path.Split('/');
        foreach (string name in names)
        {
            if (name is "" or "." or "..")
            {
                throw new ArgumentException($"'{path}' is not a path relative to the data directory.", nameof(path));
            }
        }

        return names;
    }
}
