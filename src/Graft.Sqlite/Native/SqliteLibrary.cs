using System.Runtime.InteropServices;
using System.Text;

namespace Graft.Sqlite;

/// <summary>A loaded library of SQLite, as function pointers: one field for each that is used.</summary>
/// <remarks>
/// Two libraries may be loaded in one process, which <c>DllImport</c> can't do. <c>db_config</c> and <c>test_control</c> are variadic in C: on Apple's
/// arm64 such arguments go on the stack, so they're declared there with what fills the registers.
/// </remarks>
internal sealed unsafe class SqliteLibrary
{
    /// <summary>Says that SQLite is to copy a bound value at once.</summary>
    internal const nint Transient = -1;

    internal readonly delegate* unmanaged[Cdecl]<byte*, nint*, int, byte*, int> OpenV2;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> CloseV2;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int> ExtendedResultCodes;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> ExtendedErrorCode;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*> ErrorMessage;
    internal readonly delegate* unmanaged[Cdecl]<int, byte*> ErrorText;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, int, uint, nint*, byte**, int> PrepareV3;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> Step;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> Reset;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> ClearBindings;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> FinalizeStatement;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int, int> StatementStatus;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> IsReadOnly;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> IsExplain;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> ParameterCount;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*> ParameterName;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, long, int> BindInt64;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, double, int> BindDouble;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int> BindNull;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int> BindText;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int> BindBlob;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int, int> BindZeroBlob;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> ColumnCount;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*> ColumnName;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*> ColumnDeclaredType;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*> ColumnTable;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int> ColumnType;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, long> ColumnInt64;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, double> ColumnDouble;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*> ColumnText;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, byte*> ColumnBlob;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int> ColumnBytes;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> GetAutocommit;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> Changes;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> TotalChanges;
    internal readonly delegate* unmanaged[Cdecl]<nint, long> LastInsertRowId;
    internal readonly delegate* unmanaged[Cdecl]<nint, long, void> SetLastInsertRowId;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int*, int*, int, int> DatabaseStatus;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int, int> Limit;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, delegate* unmanaged[Cdecl]<nint, int>, nint, void> ProgressHandler;
    internal readonly delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, byte*, byte*, int>, nint, int> SetAuthorizer;
    internal readonly delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, long, void>, nint, nint> UpdateHook;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, int, int, nint, delegate* unmanaged[Cdecl]<nint, int, nint*, void>, nint, nint, nint, int> CreateFunctionV2;
    internal readonly delegate* unmanaged[Cdecl]<nint, nint> UserData;
    internal readonly delegate* unmanaged[Cdecl]<nint, nint> ContextDatabase;
    internal readonly delegate* unmanaged[Cdecl]<nint, long, void> ResultInt64;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, int, nint, void> ResultBlob;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> ResultTooBig;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> ResultNoMemory;
    internal readonly delegate* unmanaged[Cdecl]<nint, long> ValueInt64;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, int, int*, int*, int> WalCheckpointV2;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int> WalAutocheckpoint;
    internal readonly delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, nint, byte*, int, int>, nint, nint> WalHook;
    internal readonly delegate* unmanaged[Cdecl]<nint, byte*, nint, byte*, nint> BackupInit;
    internal readonly delegate* unmanaged[Cdecl]<nint, int, int> BackupStep;
    internal readonly delegate* unmanaged[Cdecl]<nint, int> BackupFinish;
    internal readonly delegate* unmanaged[Cdecl]<nint, void> Interrupt;
    internal readonly delegate* unmanaged[Cdecl]<byte*, VfsTable*> VfsFind;
    internal readonly delegate* unmanaged[Cdecl]<VfsTable*, int, int> VfsRegister;
    internal readonly delegate* unmanaged[Cdecl]<VfsTable*, int> VfsUnregister;

    private static readonly bool StackVariadics =
        OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    private static readonly Lock LoadGate = new();
    private static readonly Dictionary<string, SqliteLibrary> Loaded = new(StringComparer.Ordinal);

    private readonly nint _handle;
    private readonly nint _databaseConfig;
    private readonly nint _testControl;

    private SqliteLibrary(nint handle, string name)
    {
        (_handle, Name) = (handle, name);
        OpenV2 = (delegate* unmanaged[Cdecl]<byte*, nint*, int, byte*, int>)Export("sqlite3_open_v2");
        CloseV2 = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_close_v2");
        ExtendedResultCodes = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("sqlite3_extended_result_codes");
        ExtendedErrorCode = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_extended_errcode");
        ErrorMessage = (delegate* unmanaged[Cdecl]<nint, byte*>)Export("sqlite3_errmsg");
        ErrorText = (delegate* unmanaged[Cdecl]<int, byte*>)Export("sqlite3_errstr");
        PrepareV3 = (delegate* unmanaged[Cdecl]<nint, byte*, int, uint, nint*, byte**, int>)Export("sqlite3_prepare_v3");
        Step = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_step");
        Reset = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_reset");
        ClearBindings = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_clear_bindings");
        FinalizeStatement = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_finalize");
        StatementStatus = (delegate* unmanaged[Cdecl]<nint, int, int, int>)Export("sqlite3_stmt_status");
        IsReadOnly = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_stmt_readonly");
        IsExplain = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_stmt_isexplain");
        ParameterCount = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_bind_parameter_count");
        ParameterName = (delegate* unmanaged[Cdecl]<nint, int, byte*>)Export("sqlite3_bind_parameter_name");
        BindInt64 = (delegate* unmanaged[Cdecl]<nint, int, long, int>)Export("sqlite3_bind_int64");
        BindDouble = (delegate* unmanaged[Cdecl]<nint, int, double, int>)Export("sqlite3_bind_double");
        BindNull = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("sqlite3_bind_null");
        BindText = (delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int>)Export("sqlite3_bind_text");
        BindBlob = (delegate* unmanaged[Cdecl]<nint, int, byte*, int, nint, int>)Export("sqlite3_bind_blob");
        BindZeroBlob = (delegate* unmanaged[Cdecl]<nint, int, int, int>)Export("sqlite3_bind_zeroblob");
        ColumnCount = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_column_count");
        ColumnName = (delegate* unmanaged[Cdecl]<nint, int, byte*>)Export("sqlite3_column_name");
        ColumnDeclaredType = (delegate* unmanaged[Cdecl]<nint, int, byte*>)Export("sqlite3_column_decltype");
        ColumnTable = (delegate* unmanaged[Cdecl]<nint, int, byte*>)ExportIfThere("sqlite3_column_table_name");
        ColumnType = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("sqlite3_column_type");
        ColumnInt64 = (delegate* unmanaged[Cdecl]<nint, int, long>)Export("sqlite3_column_int64");
        ColumnDouble = (delegate* unmanaged[Cdecl]<nint, int, double>)Export("sqlite3_column_double");
        ColumnText = (delegate* unmanaged[Cdecl]<nint, int, byte*>)Export("sqlite3_column_text");
        ColumnBlob = (delegate* unmanaged[Cdecl]<nint, int, byte*>)Export("sqlite3_column_blob");
        ColumnBytes = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("sqlite3_column_bytes");
        GetAutocommit = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_get_autocommit");
        Changes = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_changes");
        TotalChanges = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_total_changes");
        LastInsertRowId = (delegate* unmanaged[Cdecl]<nint, long>)Export("sqlite3_last_insert_rowid");
        SetLastInsertRowId = (delegate* unmanaged[Cdecl]<nint, long, void>)Export("sqlite3_set_last_insert_rowid");
        DatabaseStatus = (delegate* unmanaged[Cdecl]<nint, int, int*, int*, int, int>)Export("sqlite3_db_status");
        Limit = (delegate* unmanaged[Cdecl]<nint, int, int, int>)Export("sqlite3_limit");
        ProgressHandler = (delegate* unmanaged[Cdecl]<nint, int, delegate* unmanaged[Cdecl]<nint, int>, nint, void>)Export("sqlite3_progress_handler");
        SetAuthorizer = (delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, byte*, byte*, int>, nint, int>)Export("sqlite3_set_authorizer");
        UpdateHook = (delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, long, void>, nint, nint>)Export("sqlite3_update_hook");
        CreateFunctionV2 = (delegate* unmanaged[Cdecl]<nint, byte*, int, int, nint, delegate* unmanaged[Cdecl]<nint, int, nint*, void>, nint, nint, nint, int>)Export("sqlite3_create_function_v2");
        UserData = (delegate* unmanaged[Cdecl]<nint, nint>)Export("sqlite3_user_data");
        ContextDatabase = (delegate* unmanaged[Cdecl]<nint, nint>)Export("sqlite3_context_db_handle");
        ResultInt64 = (delegate* unmanaged[Cdecl]<nint, long, void>)Export("sqlite3_result_int64");
        ResultBlob = (delegate* unmanaged[Cdecl]<nint, byte*, int, nint, void>)Export("sqlite3_result_blob");
        ResultTooBig = (delegate* unmanaged[Cdecl]<nint, void>)Export("sqlite3_result_error_toobig");
        ResultNoMemory = (delegate* unmanaged[Cdecl]<nint, void>)Export("sqlite3_result_error_nomem");
        ValueInt64 = (delegate* unmanaged[Cdecl]<nint, long>)Export("sqlite3_value_int64");
        WalCheckpointV2 = (delegate* unmanaged[Cdecl]<nint, byte*, int, int*, int*, int>)Export("sqlite3_wal_checkpoint_v2");
        WalAutocheckpoint = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("sqlite3_wal_autocheckpoint");
        WalHook = (delegate* unmanaged[Cdecl]<nint, delegate* unmanaged[Cdecl]<nint, nint, byte*, int, int>, nint, nint>)Export("sqlite3_wal_hook");
        BackupInit = (delegate* unmanaged[Cdecl]<nint, byte*, nint, byte*, nint>)Export("sqlite3_backup_init");
        BackupStep = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("sqlite3_backup_step");
        BackupFinish = (delegate* unmanaged[Cdecl]<nint, int>)Export("sqlite3_backup_finish");
        Interrupt = (delegate* unmanaged[Cdecl]<nint, void>)Export("sqlite3_interrupt");
        VfsFind = (delegate* unmanaged[Cdecl]<byte*, VfsTable*>)Export("sqlite3_vfs_find");
        VfsRegister = (delegate* unmanaged[Cdecl]<VfsTable*, int, int>)Export("sqlite3_vfs_register");
        VfsUnregister = (delegate* unmanaged[Cdecl]<VfsTable*, int>)Export("sqlite3_vfs_unregister");
        _databaseConfig = Export("sqlite3_db_config");
        _testControl = ExportIfThere("sqlite3_test_control");
        VersionNumber = ((delegate* unmanaged[Cdecl]<int>)Export("sqlite3_libversion_number"))();
        Version = Text(((delegate* unmanaged[Cdecl]<byte*>)Export("sqlite3_libversion"))());
        SourceId = Text(((delegate* unmanaged[Cdecl]<byte*>)Export("sqlite3_sourceid"))());
        if (((delegate* unmanaged[Cdecl]<int>)Export("sqlite3_threadsafe"))() == 0)
        {
            throw new SqliteLibraryException($"SQLite {Version} at '{name}' was built without threads (SQLITE_THREADSAFE=0). Give one that was built with them.");
        }

        CompileOptions = [.. ReadOptions()];
    }

    /// <summary>What it was loaded as.</summary>
    internal string Name { get; }

    /// <summary>For people, such as <c>3.35.5</c>.</summary>
    internal string Version { get; }

    /// <summary>As SQLite counts, such as 3035005.</summary>
    internal int VersionNumber { get; }

    /// <summary>The commit and the hash of the source it was built from.</summary>
    internal string SourceId { get; }

    /// <summary>How it was built, without the compiler.</summary>
    internal IReadOnlyList<string> CompileOptions { get; }

    /// <summary>Loads a library, or gives the one that is loaded already: none is ever unloaded, as its threads' storage couldn't be.</summary>
    /// <param name="path">A path or a name that the system finds; null for the bundled one.</param>
    /// <exception cref="SqliteLibraryException">It isn't there, or isn't one that can be used; the message says why.</exception>
    internal static SqliteLibrary Load(string? path)
    {
        string name = path ?? "e_sqlite3";
        lock (LoadGate)
        {
            if (Loaded.TryGetValue(name, out SqliteLibrary? library))
            {
                return library;
            }

            nint handle = path is null
                ? LoadBundled()
                : NativeLibrary.TryLoad(path, out nint found)
                    ? found
                    : throw new SqliteLibraryException($"No library of SQLite could be loaded from '{path}'. Give the path of a file such as libsqlite3.so.0, or none for the bundled one.");
            return Loaded[name] = new SqliteLibrary(handle, name);
        }
    }

    /// <summary><c>sqlite3_db_config</c> for the operations that take a flag.</summary>
    internal int Configure(nint database, int operation, int value)
    {
        int now;
        return StackVariadics
            ? ((delegate* unmanaged[Cdecl]<nint, int, nint, nint, nint, nint, nint, nint, long, int*, int>)_databaseConfig)(
                database, operation, 0, 0, 0, 0, 0, 0, value, &now)
            : ((delegate* unmanaged[Cdecl]<nint, int, int, int*, int>)_databaseConfig)(database, operation, value, &now);
    }

    /// <summary>Makes local time an error for every connection of this library (<c>SQLITE_TESTCTRL_LOCALTIME_FAULT</c>).</summary>
    internal void RefuseLocalTime()
    {
        const int LocalTimeFault = 18;
        if (_testControl == 0)
        {
            throw new SqliteLibraryException($"SQLite {Version} at '{Name}' has no test control, so local time couldn't be refused in replicated statements. Give another.");
        }

        _ = StackVariadics
            ? ((delegate* unmanaged[Cdecl]<int, nint, nint, nint, nint, nint, nint, nint, long, int>)_testControl)(LocalTimeFault, 0, 0, 0, 0, 0, 0, 0, 1)
            : ((delegate* unmanaged[Cdecl]<int, int, int>)_testControl)(LocalTimeFault, 1);
    }

    /// <summary>A text that SQLite owns, copied.</summary>
    internal static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? string.Empty;

    /// <summary>The bytes of a text that SQLite owns, up to its NUL.</summary>
    internal static ReadOnlySpan<byte> Span(byte* text) => text == null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);

    /// <summary>A text with the NUL that C wants.</summary>
    internal static byte[] Terminated(string text)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }

    /// <summary>
    /// A text as it's best prepared statement by statement: a long one gets a NUL behind it, without which SQLite copies all that is left for each statement.
    /// </summary>
    internal static ReadOnlySpan<byte> Preparable(ReadOnlySpan<byte> sql)
    {
        const int Short = 1024;
        if (sql.Length <= Short)
        {
            return sql;
        }

        byte[] terminated = new byte[sql.Length + 1];
        sql.CopyTo(terminated);
        return terminated;
    }

    private static nint LoadBundled() =>
        NativeLibrary.TryLoad("e_sqlite3", typeof(SqliteLibrary).Assembly, null, out nint handle)
            ? handle
            : throw new SqliteLibraryException("The bundled library of SQLite (e_sqlite3) isn't beside the program. Publish for this platform, or name another library.");

    private IEnumerable<string> ReadOptions()
    {
        nint get = ExportIfThere("sqlite3_compileoption_get");
        for (int i = 0; get != 0; i++)
        {
            string option = Option(get, i);
            if (option.Length == 0)
            {
                yield break;
            }

            if (!option.StartsWith("COMPILER=", StringComparison.Ordinal))
            {
                yield return option;
            }
        }
    }

    private static string Option(nint get, int position) => Text(((delegate* unmanaged[Cdecl]<int, byte*>)get)(position));

    private nint Export(string name) =>
        NativeLibrary.TryGetExport(_handle, name, out nint address)
            ? address
            : throw new SqliteLibraryException($"'{Name}' has no function {name}: it isn't SQLite, or one that is too old or built without it.");

    private nint ExportIfThere(string name) => NativeLibrary.TryGetExport(_handle, name, out nint address) ? address : 0;
}
