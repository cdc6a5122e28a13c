namespace Graft.Sqlite;

/// <summary>What a query says about all of its statements.</summary>
/// <param name="BindStrictly">A parameter that no statement takes is an error.</param>
/// <param name="TimeMax">Above zero, in whole milliseconds.</param>
/// <param name="RowsMax">Above zero.</param>
/// <param name="AnswerBytesMax">At least <see cref="SqlFormat.AnswerBytesMin"/>.</param>
internal readonly record struct SqlQueryHead(bool BindStrictly, TimeSpan TimeMax, int RowsMax, int AnswerBytesMax);
