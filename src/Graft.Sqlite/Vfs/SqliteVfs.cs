using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Graft.Sqlite;

/// <summary>SQLite's files and clock, registered for one database: files pass through to the default VFS, the clock is ours, and failures are noted.</summary>
/// <remarks>
/// The clock of the entry reaches everything that SQLite computes of time, with SQLite's own code (docs/internals/sqlite.md, D1). Not for two
/// threads at a time where it's the writer's; readers share one, whose clock is the machine's.
/// </remarks>
internal sealed unsafe class SqliteVfs : IDisposable
{
    internal const int MainDatabase = 0x100;
    internal const int Wal = 0x80000;

    private const int KindMask = 0xFFF00;
    private const long JulianDayOfUnixEpoch = 210_866_760_000_000;
    private const int FlushNormal = 2;

    private static readonly FileMethods* Methods = MakeMethods();
    private static long _registered;

    private readonly SqliteLibrary _library;
    private readonly string _directory;
    private readonly VfsTable* _table;
    private readonly VfsTable* _under;
    private readonly bool _entryClock;
    private GCHandle _self;
    private FileHead* _wal;
    private long _temporary;
    private long _time;

    /// <summary>Registers it under a name of its own.</summary>
    /// <param name="library">The library whose connections use it.</param>
    /// <param name="directory">Where temporary files lie.</param>
    /// <param name="entryClock">Time is what <see cref="SetTime"/> said; otherwise it's the machine's.</param>
    internal SqliteVfs(SqliteLibrary library, string directory, bool entryClock)
    {
        (_library, _directory, _entryClock) = (library, directory, entryClock);
        Name = string.Create(CultureInfo.InvariantCulture, $"graft-{Interlocked.Increment(ref _registered)}");
        _under = library.VfsFind(null);
        _self = GCHandle.Alloc(this);
        _table = (VfsTable*)NativeMemory.AllocZeroed((nuint)sizeof(VfsTable));
        *_table = *_under;
        _table->Version = Math.Min(2, _under->Version);
        _table->FileSize = FileHead.Size + _under->FileSize;
        _table->Next = null;
        _table->Name = (byte*)Marshal.StringToCoTaskMemUTF8(Name);
        _table->Data = GCHandle.ToIntPtr(_self);
        _table->Open = &OpenFile;
        _table->Delete = &DeleteFile;
        _table->Access = &AccessFile;
        _table->FullPathname = &FullPathname;
        _table->Randomness = &Randomness;
        _table->Sleep = &Sleep;
        _table->CurrentTime = &CurrentTime;
        _table->CurrentTimeInt64 = &CurrentTimeInt64;
        _table->GetLastError = &GetLastError;

        // No extension is ever loaded: code has to be the same on every node.
        (_table->DlOpen, _table->DlError, _table->DlSym, _table->DlClose) = (0, 0, 0, 0);
        int code = library.VfsRegister(_table, 0);
        if (code != ResultCode.Ok)
        {
            throw new SqliteException(code, $"SQLite registers no VFS: {SqliteLibrary.Text(library.ErrorText(code))}.");
        }
    }

    /// <summary>What <c>open_v2</c> knows it by.</summary>
    internal string Name { get; }

    /// <summary>A call has failed, ever: what follows may be the machine's fault, and not the statement's.</summary>
    internal bool SawFailure { get; private set; }

    /// <summary>A flush has failed, ever. What it should have made durable may be gone, and asking again would say otherwise (docs/internals/sqlite.md, J4).</summary>
    internal bool FlushFailed { get; private set; }

    /// <summary>For tests: a code above zero makes the call fail with it.</summary>
    internal Func<VfsCall, long, int>? Interfere { get; set; }

    /// <summary>Unregisters it. No connection may use it any more.</summary>
    public void Dispose()
    {
        if (_self.IsAllocated)
        {
            _library.VfsUnregister(_table);
            Marshal.FreeCoTaskMem((nint)_table->Name);
            NativeMemory.Free(_table);
            _self.Free();
        }
    }

    /// <summary>What time it is from now on, cut to milliseconds.</summary>
    internal void SetTime(DateTimeOffset time) => _time = time.ToUnixTimeMilliseconds() + JulianDayOfUnixEpoch;

    /// <summary>Flushes the WAL of the one database that is open, which makes every commit durable. By the writer, between two transactions.</summary>
    /// <returns>SQLite's code. If it isn't zero, nobody knows what is on the disk.</returns>
    internal int FlushWal() => _wal == null ? ResultCode.Ok : Checked(_wal, VfsCall.Flush, Under(_wal)->Methods->Flush(Under(_wal), FlushNormal));

    private static SqliteVfs Of(VfsTable* table) => (SqliteVfs)GCHandle.FromIntPtr(table->Data).Target!;

    private static SqliteVfs Of(FileHead* file) => (SqliteVfs)GCHandle.FromIntPtr(file->Owner).Target!;

    private static FileHead* Under(FileHead* file) => (FileHead*)((byte*)file + FileHead.Size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OpenFile(VfsTable* table, byte* name, FileHead* file, int flags, int* flagsOut)
    {
        SqliteVfs me = Of(table);
        file->Methods = null;
        file->OwnName = null;
        int interfered = me.Interfere?.Invoke(VfsCall.Open, flags & KindMask) ?? 0;
        if (interfered > 0)
        {
            me.SawFailure = true;
            return interfered;
        }

        byte* own = name == null ? me.TemporaryName() : null;
        int code = me._under->Open(me._under, own == null ? name : own, Under(file), flags, flagsOut);
        me.SawFailure |= code != ResultCode.Ok;
        if (Under(file)->Methods == null)
        {
            NativeMemory.Free(own);
            return code;
        }

        file->Methods = Methods;
        file->Owner = table->Data;
        file->Kind = flags & KindMask;
        file->OwnName = own;
        // The first: another one belongs to a state that is looked at before it's put in the place of this one.
        if ((flags & Wal) != 0 && me._wal == null)
        {
            me._wal = file;
        }

        return code;
    }

    // SQLite reads parameters of a URI behind a name's NUL, to an empty one: hence the zeros.
    private byte* TemporaryName()
    {
        string path = Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"{Name}-{++_temporary}.tmp"));
        ReadOnlySpan<byte> bytes = SqliteLibrary.Terminated(path);
        byte* name = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 4);
        bytes.CopyTo(new Span<byte>(name, bytes.Length));
        return name;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int DeleteFile(VfsTable* table, byte* name, int flush)
    {
        VfsTable* under = Of(table)._under;
        return under->Delete(under, name, flush);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int AccessFile(VfsTable* table, byte* name, int flags, int* result)
    {
        VfsTable* under = Of(table)._under;
        return under->Access(under, name, flags, result);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int FullPathname(VfsTable* table, byte* name, int capacity, byte* result)
    {
        VfsTable* under = Of(table)._under;
        return under->FullPathname(under, name, capacity, result);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Randomness(VfsTable* table, int count, byte* result)
    {
        VfsTable* under = Of(table)._under;
        return under->Randomness(under, count, result);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sleep(VfsTable* table, int microseconds)
    {
        VfsTable* under = Of(table)._under;
        return under->Sleep(under, microseconds);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CurrentTime(VfsTable* table, double* result)
    {
        SqliteVfs me = Of(table);
        if (!me._entryClock)
        {
            return me._under->CurrentTime(me._under, result);
        }

        *result = me._time / 86_400_000.0;
        return ResultCode.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CurrentTimeInt64(VfsTable* table, long* result)
    {
        SqliteVfs me = Of(table);
        if (!me._entryClock)
        {
            return me._under->CurrentTimeInt64(me._under, result);
        }

        *result = me._time;
        return ResultCode.Ok;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int GetLastError(VfsTable* table, int capacity, byte* result)
    {
        VfsTable* under = Of(table)._under;
        return under->GetLastError == null ? 0 : under->GetLastError(under, capacity, result);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Close(FileHead* file)
    {
        SqliteVfs me = Of(file);
        if (me._wal == file)
        {
            me._wal = null;
        }

        int code = Under(file)->Methods->Close(Under(file));
        NativeMemory.Free(file->OwnName);
        file->OwnName = null;
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Read(FileHead* file, byte* bytes, int count, long offset)
    {
        SqliteVfs me = Of(file);
        int code = me.Interfere?.Invoke(VfsCall.Read, file->Kind) ?? ResultCode.Ok;
        code = code != ResultCode.Ok ? code : Under(file)->Methods->Read(Under(file), bytes, count, offset);

        // Statistics that can't be read are left out without a word, and some virtual tables call it their own error.
        me.SawFailure |= code is not (ResultCode.Ok or ResultCode.InputOutputShortRead);
        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Write(FileHead* file, byte* bytes, int count, long offset) =>
        Checked(file, VfsCall.Write, Under(file)->Methods->Write(Under(file), bytes, count, offset));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Truncate(FileHead* file, long size) =>
        Checked(file, VfsCall.Truncate, Under(file)->Methods->Truncate(Under(file), size));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Flush(FileHead* file, int flags) =>
        Checked(file, VfsCall.Flush, Under(file)->Methods->Flush(Under(file), flags));

    private static int Checked(FileHead* file, VfsCall call, int code)
    {
        SqliteVfs me = Of(file);
        if (code == ResultCode.Ok)
        {
            code = me.Interfere?.Invoke(call, file->Kind) ?? ResultCode.Ok;
        }

        if (code != ResultCode.Ok)
        {
            me.SawFailure = true;
            me.FlushFailed |= call == VfsCall.Flush && (file->Kind & (MainDatabase | Wal)) != 0;
        }

        return code;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Size(FileHead* file, long* size) => Under(file)->Methods->Size(Under(file), size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int LockFile(FileHead* file, int level) => Under(file)->Methods->Lock(Under(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int UnlockFile(FileHead* file, int level) => Under(file)->Methods->Unlock(Under(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckReservedLock(FileHead* file, int* result) => Under(file)->Methods->CheckReservedLock(Under(file), result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Control(FileHead* file, int operation, void* argument) => Under(file)->Methods->Control(Under(file), operation, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SectorSize(FileHead* file) => Under(file)->Methods->SectorSize(Under(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Characteristics(FileHead* file) => Under(file)->Methods->Characteristics(Under(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int MapShared(FileHead* file, int page, int size, int extend, void** result) =>
        Under(file)->Methods->MapShared(Under(file), page, size, extend, result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int LockShared(FileHead* file, int offset, int count, int flags) =>
        Under(file)->Methods->LockShared(Under(file), offset, count, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void SharedBarrier(FileHead* file) => Under(file)->Methods->SharedBarrier(Under(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int UnmapShared(FileHead* file, int delete) => Under(file)->Methods->UnmapShared(Under(file), delete);

    private static FileMethods* MakeMethods()
    {
        var methods = (FileMethods*)NativeMemory.AllocZeroed((nuint)sizeof(FileMethods));

        // Version 2 has shared memory; 3 would add mapped pages, whose errors arrive as signals.
        methods->Version = 2;
        methods->Close = &Close;
        methods->Read = &Read;
        methods->Write = &Write;
        methods->Truncate = &Truncate;
        methods->Flush = &Flush;
        methods->Size = &Size;
        methods->Lock = &LockFile;
        methods->Unlock = &UnlockFile;
        methods->CheckReservedLock = &CheckReservedLock;
        methods->Control = &Control;
        methods->SectorSize = &SectorSize;
        methods->Characteristics = &Characteristics;
        methods->MapShared = &MapShared;
        methods->LockShared = &LockShared;
        methods->SharedBarrier = &SharedBarrier;
        methods->UnmapShared = &UnmapShared;
        return methods;
    }
}
