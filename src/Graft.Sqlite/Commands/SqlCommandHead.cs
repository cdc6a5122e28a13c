namespace Graft.Sqlite;

/// <summary>What a command of <see cref="SqlCommandKind.Statements"/> says about all of them.</summary>
/// <param name="AllOrNothing">The first error undoes everything.</param>
/// <param name="BindStrictly">A parameter that no statement takes is an error.</param>
/// <param name="StepBudget">In steps, above zero.</param>
/// <param name="AnswerBytesMax">From <see cref="SqlFormat.AnswerBytesMin"/> to <see cref="SqlFormat.CommandAnswerBytesMax"/>, whatever more was asked for.</param>
internal readonly record struct SqlCommandHead(bool AllOrNothing, bool BindStrictly, long StepBudget, int AnswerBytesMax);
