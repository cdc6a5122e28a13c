namespace Graft.Sqlite;

/// <summary>Opens every connection there is: what isn't set here is set nowhere.</summary>
internal sealed class ConnectionFactory : IDisposable
{
    private const int ConfigureDefensive = 1010;
    private const int ConfigureNoLoadExtension = 1005;
    private const int ConfigureNoCheckpointOnClose = 1006;
    private const int ConfigureTrustedSchema = 1017;

    private readonly SqliteLibrary _library;
    private readonly SqliteVfs _readers;
    private readonly string _foreignKeys;

    // This object, and each connection.
    private int _users = 1;

    /// <summary>Registers both VFSs of a database.</summary>
    /// <param name="library">The library.</param>
    /// <param name="directory">The database's.</param>
    /// <param name="foreignKeys">Whether foreign keys are enforced: a setting of the cluster.</param>
    internal ConnectionFactory(SqliteLibrary library, string directory, bool foreignKeys)
    {
        library.RefuseLocalTime();
        _library = library;
        _foreignKeys = foreignKeys ? "PRAGMA foreign_keys=ON;" : "PRAGMA foreign_keys=OFF;";
        Writer = new SqliteVfs(library, directory, entryClock: true);
        _readers = new SqliteVfs(library, directory, entryClock: false);
    }

    /// <summary>Under the one connection that writes.</summary>
    internal SqliteVfs Writer { get; }

    /// <summary>Unregisters both, once the last connection is closed: queries may be under way.</summary>
    public void Dispose() => Closed();

    /// <summary>Opens a database to write, and makes it if it isn't there.</summary>
    internal SqliteConnection OpenWriter(string path) => Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoMutex, Writer, string.Empty);

    /// <summary>Opens a database to read. Opened for writing nevertheless: who may only read can't recover a WAL.</summary>
    internal SqliteConnection OpenReader(string path) => Open(path, OpenFlags.ReadWrite | OpenFlags.NoMutex, _readers, "PRAGMA query_only=ON;");

    /// <summary>Opens a file that a copy goes into: none of a database's settings apply.</summary>
    internal SqliteConnection OpenCopy(string path) => Open(path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoMutex, _readers);

    private SqliteConnection Open(string path, OpenFlags flags, SqliteVfs vfs)
    {
        Interlocked.Increment(ref _users);
        try
        {
            return SqliteConnection.Open(_library, path, flags, vfs.Name, Closed);
        }
        catch
        {
            Closed();
            throw;
        }
    }

    private void Closed()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Writer.Dispose();
            _readers.Dispose();
        }
    }

    private SqliteConnection Open(string path, OpenFlags flags, SqliteVfs vfs, string last)
    {
        SqliteConnection connection = Open(path, flags, vfs);
        try
        {
            foreach ((int limit, int value) in FixedSettings.Limits)
            {
                SetLimit(connection, limit, value);
            }

            _library.Configure(connection.Handle, ConfigureNoLoadExtension, 0);
            _library.Configure(connection.Handle, ConfigureNoCheckpointOnClose, 1);
            connection.Execute(FixedSettings.Pragmas);
            connection.Execute(_foreignKeys);
            connection.Execute("PRAGMA wal_autocheckpoint=0;");
            _library.Configure(connection.Handle, ConfigureTrustedSchema, 0);
            _library.Configure(connection.Handle, ConfigureDefensive, 1);
            connection.Execute(last);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private unsafe void SetLimit(SqliteConnection connection, int limit, int value) => _library.Limit(connection.Handle, limit, value);
}
