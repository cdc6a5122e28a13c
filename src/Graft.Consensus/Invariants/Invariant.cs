using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Graft.Consensus;

/// <summary>Checks what the protocol rules out. Stays in release builds: a wrong answer costs more than a stop.</summary>
public static class Invariant
{
    /// <summary>Throws unless the condition holds.</summary>
    /// <exception cref="InvariantViolationException"><paramref name="condition"/> is false; the message is its source text.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check(
        [DoesNotReturnIf(false)] bool condition,
        [CallerArgumentExpression(nameof(condition))] string text = "")
    {
        if (!condition)
        {
            Fail(text);
        }
    }

    /// <inheritdoc cref="Check(bool, string)"/>
    /// <remarks>The two values are formatted only on failure, so the check allocates nothing.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Check<TLeft, TRight>(
        [DoesNotReturnIf(false)] bool condition,
        TLeft left,
        TRight right,
        [CallerArgumentExpression(nameof(condition))] string text = "",
        [CallerArgumentExpression(nameof(left))] string leftText = "",
        [CallerArgumentExpression(nameof(right))] string rightText = "")
    {
        if (!condition)
        {
            Fail($"{text} ({leftText} = {left}, {rightText} = {right})");
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Fail(string text) => throw new InvariantViolationException(text);
}
