using System.Buffers;
using System.Globalization;
using Graft.Consensus;

namespace Graft.Sqlite;

/// <summary>One SQLite database, replicated: commands are SQL (<see cref="SqlRequest"/>), and every node comes to the same rows.</summary>
/// <remarks>
/// SQL means what SQLite means by it, with the entry's clock and the entry's chance underneath; what can't be the same on all nodes is refused
/// (docs/internals/sqlite.md). For one group; give a node with several one for each.
/// </remarks>
public sealed class SqliteStateMachine : IDiskStateMachine, IDigest, IAsyncDisposable
{
    private const string AppliedSetting = "applied";
    private const int CopyBytes = 1024 * 1024;
    private const int PageBytes = FixedSettings.PageSize;

    private readonly SqliteOptions _options;
    private readonly SqliteLibrary _library;
    private readonly TimeProvider _time;
    private readonly SqliteWorker _worker;
    private readonly Agreement _agreement;
    private ConnectionFactory? _factory;
    private Generations? _files;
    private OpenDatabase? _open;
    private bool _restored;
    private bool _givenUp;
    private bool _disposed;

    /// <summary>Loads the library. Nothing is opened yet.</summary>
    /// <param name="options">Where and how.</param>
    /// <exception cref="SqliteLibraryException">The library isn't there, or can't be used.</exception>
    /// <exception cref="ArgumentException">An option isn't in its range.</exception>
    public SqliteStateMachine(SqliteOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (string.IsNullOrEmpty(options.Directory) || options.ReadersMax <= 0 || options.WalBytesMax <= 0 || options.DigestBytesPerSecond <= 0)
        {
            throw new ArgumentException($"A directory and limits above zero were expected, not {options}.", nameof(options));
        }

        _options = options;
        _library = SqliteLibrary.Load(options.Library);
#pragma warning disable RS0030 // The one place where nobody gave a clock: queries of a process of its own are timed by the machine's.
        _time = options.Time ?? TimeProvider.System;
#pragma warning restore RS0030
        _agreement = new Agreement(Fingerprint.Of(_library, options.ForeignKeys));
        _worker = new SqliteWorker("SQLite writer", options.Inline);
    }

    /// <summary>SQLite's version, such as <c>3.35.5</c>.</summary>
    public string LibraryVersion => _library.Version;

    /// <summary>Whether the cluster has agreed on what to compute with, as far as this node has applied its log. Any thread.</summary>
    public bool HasAgreed => _agreement.IsMade;

    /// <summary>Waits as long as is decent between two proposals.</summary>
    internal async Task PauseAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellation);
        }
        catch (OperationCanceledException)
        {
            // Whoever waits looks at the token.
        }
    }

    /// <summary>The command that proposes what this node computes with: the first in a new database, and harmless later.</summary>
    internal ReadOnlyMemory<byte> Proposal => SqlCommandCodec.Encode(_agreement.Mine);

    /// <inheritdoc/>
    public LogIndex Durable { get; private set; }

    /// <inheritdoc/>
    public bool QueriesRunBeside => true;

    /// <summary>For tests: the files of the connection that writes.</summary>
    internal SqliteVfs WriterFiles => Factory.Writer;

    /// <summary>How far the WAL is filled, in bytes, as of the last commit.</summary>
    internal long WalBytes => (long)Database.Session.Hooks.WalPages * PageBytes;

    private OpenDatabase Database => _open ?? throw new InvalidOperationException("The database isn't open.");

    private Generations Files => _files ?? throw new InvalidOperationException("The database isn't open.");

    private ConnectionFactory Factory => _factory ?? throw new InvalidOperationException("The database isn't open.");

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<StateRow>> OpenAsync(MachineContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        IReadOnlyList<StateRow> rows = [];
        await _worker.RunAsync(() => rows = Open(context));
        return rows;
    }

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(CommandBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        await _worker.RunAsync(() => GuardFlushes(() =>
        {
            BatchTransaction transaction = Database.Batch;
            for (int i = 0; i < batch.Count; i++)
            {
                batch.Answer(i, transaction.Apply(batch[i], batch.At(i)));
            }
        }));
    }

    /// <inheritdoc/>
    public async ValueTask CommitAsync(StateCommit commit)
    {
        ArgumentNullException.ThrowIfNull(commit);
        await _worker.RunAsync(() =>
        {
            if (_restored || Database.Batch.HasIncoming)
            {
                Install(commit);
            }
            else
            {
                GuardFlushes(() =>
                {
                    Database.Batch.Commit(session => Write(session, commit));
                    KeepWalSmall();
                });
            }
        });
    }

    /// <inheritdoc/>
    public async ValueTask CheckpointAsync() => await _worker.RunAsync(() => GuardFlushes(() =>
    {
        LogIndex applied = ReadApplied(Database.Session.Connection);
        FlushWal();
        Durable = applied;
        Checkpoint("PASSIVE");
    }));

    /// <inheritdoc/>
    public bool StandsAlone(ReadOnlyMemory<byte> command) => SqlCommandCodec.StandsAlone(command);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> QueryAsync(ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        (ReaderPool pool, Reader reader) = await Database.Readers.TakeAsync(cancellation);

        // One that was interrupted by an exception may hold its snapshot with a statement that still runs, and would show it to whoever comes next.
        bool isSound = false;
        try
        {
            reader.Begin();
            byte[] answer = [];
            await reader.Worker.RunAsync(() => answer = QueryRun.Run(reader, query, cancellation));
            reader.End();
            isSound = true;
            return answer;
        }
        catch (Exception ended) when (ended is OperationCanceledException or SqlFormatException)
        {
            // Nothing is wrong with the reader.
            reader.End();
            isSound = true;
            throw;
        }
        finally
        {
            pool.Return(reader, isSound);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IStateImage> CaptureAsync() => ValueTask.FromResult<IStateImage>(TakeImage());

    /// <summary>Copies the database as it is on this node now, without anything of Graft's: a file that every SQLite opens.</summary>
    /// <remarks>Writes go on meanwhile. Wait for the freshness you want before (<see cref="GraftGroup.WaitAsync"/>).</remarks>
    /// <param name="target">Where to.</param>
    /// <param name="vacuum">Leave out what is free: slower, and a smaller file.</param>
    /// <param name="cancellation">It isn't wanted any more.</param>
    /// <exception cref="InvalidOperationException">The database isn't open.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async ValueTask BackupAsync(Stream target, bool vacuum = false, CancellationToken cancellation = default)
    {
        using SqliteImage image = TakeImage();
        await image.WriteAsync(
            target,
            copy =>
            {
                // What is dropped is overwritten: answers of others have no place in a file that is handed on.
                copy.Execute("PRAGMA secure_delete=ON; DROP TABLE _graft_row; DROP TABLE _graft_setting; DROP TABLE _graft_load; PRAGMA journal_mode=DELETE");
                if (vacuum)
                {
                    copy.Execute("VACUUM");
                }
            },
            cancellation);
    }

    /// <inheritdoc/>
    public ValueTask<IStateDigest?> BeginDigestAsync()
    {
        Reader reader = OpenReader(Files.Current);
        reader.Begin();
        return ValueTask.FromResult<IStateDigest?>(new LogicalDigest(reader, _time, _options.DigestBytesPerSecond));
    }

    /// <inheritdoc/>
    public async ValueTask RestoreAsync(Stream image)
    {
        ArgumentNullException.ThrowIfNull(image);
        await _worker.RunAsync(() =>
        {
            Database.Batch.Abandon();
            Files.ClearIncoming();
        });
        byte[] buffer = ArrayPool<byte>.Shared.Rent(CopyBytes);
        try
        {
            using var file = new FileStream(Files.Incoming, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            int count;
            while ((count = await image.ReadAsync(buffer.AsMemory(0, CopyBytes))) > 0)
            {
                Write(file, buffer, count);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        await _worker.RunAsync(() => CheckIncoming());
        _restored = true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _worker.RunAsync(() =>
        {
            _open?.Readers.AskToGiveWay();
            _open?.Dispose();
            _open = null;
            _factory?.Dispose();
        });
        _worker.Dispose();
    }

    private static void Write(FileStream file, byte[] buffer, int count) => file.Write(buffer, 0, count);

    private static void Write(WriterSession session, StateCommit commit)
    {
        if (commit.ReplacesRows)
        {
            session.DeleteRows();
        }

        foreach (StateRow row in commit.Rows)
        {
            session.SetRow(row.Key.Span, row.Value);
        }

        session.SetSetting(AppliedSetting, (long)commit.Applied.Index.Value);
    }

    private static LogIndex ReadApplied(SqliteConnection connection) =>
        new(ulong.Parse(connection.Scalar($"SELECT value FROM _graft_setting WHERE name='{AppliedSetting}'") ?? "0", CultureInfo.InvariantCulture));

    private List<StateRow> Open(MachineContext context)
    {
        string directory = Path.GetFullPath(Path.Combine(_options.Directory, context.Group.ToString()));
        _files = new Generations(directory);
        _factory = new ConnectionFactory(_library, directory, _options.ForeignKeys);
        bool isNew = !_files.HasState;
        _files.BeginFirst();
        _open = OpenCurrent();
        _files.FlushNames();
        if (isNew)
        {
            return [];
        }

        // A process that was killed has left its commits with the system, which may still lose them.
        GuardFlushes(FlushWal);
        SqliteConnection connection = Database.Session.Connection;
        Durable = ReadApplied(connection);
        return ReadRows(connection);
    }

    private static List<StateRow> ReadRows(SqliteConnection connection)
    {
        var rows = new List<StateRow>();
        using SqliteStatement read = connection.Prepare("SELECT key, value FROM _graft_row ORDER BY key");
        while (read.StepOrThrow())
        {
            rows.Add(new StateRow(read.Bytes(0).ToArray(), (ReadOnlyMemory<byte>)read.Bytes(1).ToArray()));
        }

        return rows;
    }

    private SqliteImage TakeImage()
    {
        Reader reader = OpenReader(Files.Current);
        reader.Begin();
        return new SqliteImage(reader, Factory, Files);
    }

    private OpenDatabase OpenCurrent()
    {
        string path = Files.Current;
        var session = new WriterSession(Factory.OpenWriter(path), Factory.Writer);
        session.ThrowIfFileFailed();
        return new OpenDatabase(session, _agreement, new LoadDesk(session, Factory, Files), new ReaderPool(() => OpenReader(path), _options.ReadersMax));
    }

    private Reader OpenReader(string path) => new(Factory.OpenReader(path), _time, _options.Inline);

    // A flush that has failed isn't tried again: the second one would succeed, on what the first has dropped.
    private void FlushWal()
    {
        int code = Factory.Writer.FlushFailed ? ResultCode.InputOutputFlush : Factory.Writer.FlushWal();
        if (code != ResultCode.Ok)
        {
            throw new SqliteException(code, $"The WAL couldn't be flushed (SQLite's code {code}).");
        }
    }

    // Commits and checkpoints flush too, and may or may not pass on that it failed.
    private void GuardFlushes(Action work)
    {
        if (_givenUp)
        {
            throw new SqliteException(ResultCode.InputOutputFlush, "The database was given up.");
        }

        try
        {
            work();
        }
        finally
        {
            if (Factory.Writer.FlushFailed)
            {
                GiveUp();
            }
        }
    }

    private void KeepWalSmall()
    {
        long pages = Database.Session.Hooks.WalPages;
        if (pages * PageBytes < _options.WalBytesMax)
        {
            return;
        }

        bool moved = Checkpoint("PASSIVE");
        if (!moved && pages * PageBytes >= 4 * _options.WalBytesMax)
        {
            Database.Readers.AskToGiveWay();
        }
    }

    // A reader in the way leaves some of it behind; that's no failure, and no proof of anything either. Says whether all of it was moved.
    private bool Checkpoint(string mode)
    {
        using SqliteStatement checkpoint = Database.Session.Connection.Prepare($"PRAGMA wal_checkpoint({mode})");
        return checkpoint.StepOrThrow() && checkpoint.Integer(1) == checkpoint.Integer(2);
    }

    private void GiveUp()
    {
        _givenUp = true;
        Files.Fail();
        throw new SqliteException(
            ResultCode.InputOutputFlush,
            $"The database '{Files.Current}' is given up: a flush has failed, so nobody knows what of it is on the disk. It is renamed; the next start takes the newest snapshot and the log behind it.");
    }

    private void CheckIncoming()
    {
        using SqliteConnection connection = Factory.OpenWriter(Files.Incoming);
        string? verdict = SoundCheck.Verdict(connection);
        string? size = connection.Scalar("PRAGMA page_size");
        string? tables = connection.Scalar("SELECT count(*) FROM sqlite_master WHERE name IN ('_graft_row', '_graft_setting', '_graft_load')");
        if (verdict is not null || size != PageBytes.ToString(CultureInfo.InvariantCulture) || tables != OwnNames.TableCount.ToString(CultureInfo.InvariantCulture))
        {
            throw new SqliteException(
                ResultCode.Corrupt,
                $"What was to be restored isn't a database of Graft's: quick_check says '{verdict ?? "ok"}', its pages have {size} bytes, and it has {tables} of Graft's {OwnNames.TableCount} tables.");
        }
    }

    private void Install(StateCommit commit)
    {
        _restored = false;
        OpenDatabase before = Database;
        before.CloseWriter();
        _open = null;
        using (var session = new WriterSession(Factory.OpenWriter(Files.Incoming), Factory.Writer))
        {
            session.Begin();
            Write(session, commit);
            session.Commit();
            session.Connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }

        if (Factory.Writer.FlushFailed)
        {
            throw new SqliteException(ResultCode.InputOutputFlush, $"'{Files.Incoming}' couldn't be flushed; the state before it is still there.");
        }

        string? old = Files.Install();
        if (old is not null)
        {
            Files.Delete(old);
        }

        _open = OpenCurrent();
        before.Readers.Retire(_open.Readers);
        Durable = commit.Applied.Index;
    }
}
