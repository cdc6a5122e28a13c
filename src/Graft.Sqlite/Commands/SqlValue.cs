using System.Globalization;
using System.Text;

namespace Graft.Sqlite;

/// <summary>A value of SQLite, exactly: nothing is rounded, decoded or widened on its way.</summary>
/// <remarks>Two values are equal if SQLite would store the same bytes for them: the integer 1 and the real 1.0 differ, and so do 0.0 and −0.0.</remarks>
public readonly struct SqlValue : IEquatable<SqlValue>
{
    /// <summary>How many zeros a blob of them may have: as many bytes as any value.</summary>
    public const int ZerosMax = 64 * 1024 * 1024;

    private readonly long _number;
    private readonly ReadOnlyMemory<byte> _bytes;

    private SqlValue(SqlValueKind kind, long number, ReadOnlyMemory<byte> bytes = default) =>
        (Kind, _number, _bytes) = (kind, number, bytes);

    /// <summary>NULL, as is the default of this type.</summary>
    public static SqlValue Null => default;

    /// <summary>What it is.</summary>
    public SqlValueKind Kind { get; }

    /// <summary>Whether it's NULL.</summary>
    public bool IsNull => Kind == SqlValueKind.Null;

    /// <summary>The integer.</summary>
    /// <exception cref="InvalidOperationException">It isn't one.</exception>
    public long Integer => Kind == SqlValueKind.Integer ? _number : throw IsNot(SqlValueKind.Integer);

    /// <summary>The double, bit for bit.</summary>
    /// <exception cref="InvalidOperationException">It isn't one.</exception>
    public double Real => Kind == SqlValueKind.Real ? BitConverter.Int64BitsToDouble(_number) : throw IsNot(SqlValueKind.Real);

    /// <summary>The bytes of a text or a blob, as they are.</summary>
    /// <exception cref="InvalidOperationException">It's neither.</exception>
    public ReadOnlyMemory<byte> Bytes =>
        Kind is SqlValueKind.Text or SqlValueKind.Blob ? _bytes : throw IsNot(SqlValueKind.Blob);

    /// <summary>A text, decoded; bytes that aren't UTF-8 become U+FFFD. <see cref="Bytes"/> has them as they are.</summary>
    /// <exception cref="InvalidOperationException">It isn't a text.</exception>
    public string Text => Kind == SqlValueKind.Text ? Encoding.UTF8.GetString(_bytes.Span) : throw IsNot(SqlValueKind.Text);

    /// <summary>How many zeros.</summary>
    /// <exception cref="InvalidOperationException">It isn't a blob of zeros.</exception>
    public int ZeroCount => Kind == SqlValueKind.Zeros ? (int)_number : throw IsNot(SqlValueKind.Zeros);

    /// <summary>An integer.</summary>
    /// <param name="value">The integer.</param>
    public static SqlValue FromInteger(long value) => new(SqlValueKind.Integer, value);

    /// <summary>A real.</summary>
    /// <param name="value">The double; infinities and −0.0 are kept.</param>
    public static SqlValue FromReal(double value) => new(SqlValueKind.Real, BitConverter.DoubleToInt64Bits(value));

    /// <summary>A text.</summary>
    /// <param name="value">The text; half a surrogate pair becomes U+FFFD.</param>
    public static SqlValue FromText(string value) => new(SqlValueKind.Text, 0, Encoding.UTF8.GetBytes(value));

    /// <summary>A text by its bytes.</summary>
    /// <param name="value">Any bytes; nobody changes them any more.</param>
    public static SqlValue FromText(ReadOnlyMemory<byte> value) => new(SqlValueKind.Text, 0, value);

    /// <summary>A blob.</summary>
    /// <param name="value">Any bytes; nobody changes them any more.</param>
    public static SqlValue FromBlob(ReadOnlyMemory<byte> value) => new(SqlValueKind.Blob, 0, value);

    /// <summary>A blob of zeros, as SQLite's <c>zeroblob</c>: a parameter that costs no bytes in the log.</summary>
    /// <param name="count">How many; from none to <see cref="ZerosMax"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">It's negative, or more than a value may have.</exception>
    public static SqlValue Zeros(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, ZerosMax);
        return new SqlValue(SqlValueKind.Zeros, count);
    }

    /// <summary>Compares kinds and bits.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(SqlValue left, SqlValue right) => left.Equals(right);

    /// <summary>Compares kinds and bits.</summary>
    /// <param name="left">The one.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(SqlValue left, SqlValue right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(SqlValue other) =>
        Kind == other.Kind && _number == other._number && _bytes.Span.SequenceEqual(other._bytes.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SqlValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => unchecked(((int)Kind * 397) ^ (int)_number ^ (_bytes.Length << 8));

    /// <summary>The value as SQLite writes it as a literal; long ones whole.</summary>
    public override string ToString() => Kind switch
    {
        SqlValueKind.Null => "NULL",
        SqlValueKind.Integer => _number.ToString(CultureInfo.InvariantCulture),
        SqlValueKind.Real => Real.ToString("R", CultureInfo.InvariantCulture),
        SqlValueKind.Text => $"'{Text.Replace("'", "''", StringComparison.Ordinal)}'",
        SqlValueKind.Blob => $"x'{Convert.ToHexStringLower(_bytes.Span)}'",
        _ => string.Create(CultureInfo.InvariantCulture, $"zeroblob({_number})"),
    };

    private InvalidOperationException IsNot(SqlValueKind wanted) => new($"This value is {Kind}, not {wanted}.");
}
