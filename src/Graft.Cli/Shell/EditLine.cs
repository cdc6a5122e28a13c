using System.Text;

namespace Graft.Cli;

/// <summary>A line that is being typed: its letters and the place of the next one. Knows no terminal.</summary>
internal sealed class EditLine
{
    private readonly StringBuilder _text = new();

    internal string Text => _text.ToString();

    /// <summary>Before which letter the next one goes.</summary>
    internal int Cursor { get; private set; }

    internal void Set(string text)
    {
        _text.Clear().Append(text);
        Cursor = text.Length;
    }

    internal void Insert(string text)
    {
        _text.Insert(Cursor, text);
        Cursor += text.Length;
    }

    internal void Left() => Cursor -= StepBack();

    internal void Right() => Cursor += StepOn();

    internal void Home() => Cursor = 0;

    internal void End() => Cursor = _text.Length;

    internal void WordLeft() => Cursor = WordStart();

    internal void WordRight()
    {
        while (Cursor < _text.Length && !IsWord(_text[Cursor]))
        {
            Cursor++;
        }

        while (Cursor < _text.Length && IsWord(_text[Cursor]))
        {
            Cursor++;
        }
    }

    internal void Backspace()
    {
        int step = StepBack();
        Cursor -= step;
        _text.Remove(Cursor, step);
    }

    internal void Delete() => _text.Remove(Cursor, StepOn());

    internal void DeleteWord()
    {
        int start = WordStart();
        _text.Remove(start, Cursor - start);
        Cursor = start;
    }

    internal void DeleteToStart()
    {
        _text.Remove(0, Cursor);
        Cursor = 0;
    }

    internal void DeleteToEnd() => _text.Length = Cursor;

    /// <summary>The word in front of the cursor, which a completion replaces.</summary>
    internal string Word
    {
        get
        {
            int start = Cursor;
            while (start > 0 && (IsWord(_text[start - 1]) || _text[start - 1] == '.'))
            {
                start--;
            }

            return _text.ToString(start, Cursor - start);
        }
    }

    /// <summary>Puts another word in the place of the one in front of the cursor.</summary>
    internal void ReplaceWord(string word)
    {
        int length = Word.Length;
        _text.Remove(Cursor - length, length);
        Cursor -= length;
        Insert(word);
    }

    private static bool IsWord(char letter) => char.IsLetterOrDigit(letter) || letter == '_';

    private int WordStart()
    {
        int start = Cursor;
        while (start > 0 && !IsWord(_text[start - 1]))
        {
            start--;
        }

        while (start > 0 && IsWord(_text[start - 1]))
        {
            start--;
        }

        return start;
    }

    // Half of a pair of surrogates is no place to stand.
    private int StepBack() => Cursor == 0 ? 0 : Cursor > 1 && char.IsSurrogatePair(_text[Cursor - 2], _text[Cursor - 1]) ? 2 : 1;

    private int StepOn() => Cursor == _text.Length ? 0 : Cursor + 1 < _text.Length && char.IsSurrogatePair(_text[Cursor], _text[Cursor + 1]) ? 2 : 1;
}
