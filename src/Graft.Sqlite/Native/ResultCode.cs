namespace Graft.Sqlite;

/// <summary>SQLite's result codes that are spoken of here. The low byte of an extended code is its primary one.</summary>
internal static class ResultCode
{
    internal const int Ok = 0;
    internal const int Error = 1;
    internal const int Internal = 2;
    internal const int Abort = 4;
    internal const int Busy = 5;
    internal const int Locked = 6;
    internal const int NoMemory = 7;
    internal const int ReadOnly = 8;
    internal const int Interrupt = 9;
    internal const int InputOutput = 10;
    internal const int Corrupt = 11;
    internal const int Full = 13;
    internal const int CannotOpen = 14;
    internal const int Protocol = 15;
    internal const int Schema = 17;
    internal const int TooBig = 18;
    internal const int Constraint = 19;
    internal const int Mismatch = 20;
    internal const int Misuse = 21;
    internal const int Authorization = 23;
    internal const int Range = 25;
    internal const int NotADatabase = 26;
    internal const int Row = 100;
    internal const int Done = 101;

    internal const int CorruptVirtualTable = Corrupt | (1 << 8);
    internal const int ConstraintForeignKey = Constraint | (3 << 8);
    internal const int InputOutputShortRead = InputOutput | (2 << 8);
    internal const int InputOutputFlush = InputOutput | (4 << 8);

    internal static int Primary(int code) => code & 0xFF;
}
