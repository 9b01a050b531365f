\restrict dbmate

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: pg_trgm; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;


--
-- Name: EXTENSION pg_trgm; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';


--
-- Name: pgcrypto; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;


--
-- Name: EXTENSION pgcrypto; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION pgcrypto IS 'cryptographic functions';


--
-- Name: uuid-ossp; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;


--
-- Name: EXTENSION "uuid-ossp"; Type: COMMENT; Schema: -; Owner: -
--

COMMENT ON EXTENSION "uuid-ossp" IS 'generate universally unique identifiers (UUIDs)';


--
-- Name: shelf; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.shelf AS ENUM (
    'fiction',
    'science',
    'history',
    'maps'
);


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: loans; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.loans (
    id bigint NOT NULL,
    book_id uuid NOT NULL,
    reader_id bigint NOT NULL,
    lent_at timestamp with time zone DEFAULT now() NOT NULL,
    back_at timestamp with time zone
);


--
-- Name: loans_of(uuid); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.loans_of(book uuid) RETURNS bigint
    LANGUAGE sql STABLE
    BEGIN ATOMIC
 SELECT count(*) AS count
    FROM public.loans
   WHERE (loans.book_id = loans_of.book);
END;


--
-- Name: returned(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.returned() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NEW.back_at < NEW.lent_at THEN
        RAISE EXCEPTION 'a book comes back after it was lent; not before';
    END IF;
    RETURN NEW;
END
$$;


--
-- Name: books; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.books (
    id uuid DEFAULT public.uuid_generate_v4() NOT NULL,
    title text NOT NULL,
    shelf public.shelf NOT NULL,
    facts jsonb DEFAULT '{}'::jsonb NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: loans_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.loans ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.loans_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: readers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.readers (
    id bigint NOT NULL,
    card text DEFAULT encode(public.gen_random_bytes(6), 'hex'::text) NOT NULL,
    name text NOT NULL,
    email text,
    CONSTRAINT readers_email_given CHECK ((email IS NOT NULL))
);


--
-- Name: readers_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.readers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.readers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: schema_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);


--
-- Name: books books_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.books
    ADD CONSTRAINT books_pkey PRIMARY KEY (id);


--
-- Name: loans loans_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.loans
    ADD CONSTRAINT loans_pkey PRIMARY KEY (id);


--
-- Name: readers readers_card_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_card_key UNIQUE (card);


--
-- Name: readers readers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.readers
    ADD CONSTRAINT readers_pkey PRIMARY KEY (id);


--
-- Name: schema_migrations schema_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);


--
-- Name: books_shelf_added; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX books_shelf_added ON public.books USING btree (shelf, added_at DESC);


--
-- Name: books_title_trgm; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX books_title_trgm ON public.books USING gin (title public.gin_trgm_ops);


--
-- Name: loans_book; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX loans_book ON public.loans USING btree (book_id);


--
-- Name: loans_lent; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX loans_lent ON public.loans USING btree (lent_at);


--
-- Name: loans_reader; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX loans_reader ON public.loans USING btree (reader_id, lent_at DESC);


--
-- Name: loans loan_returned; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER loan_returned BEFORE UPDATE ON public.loans FOR EACH ROW EXECUTE FUNCTION public.returned();


--
-- Name: loans loans_book_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.loans
    ADD CONSTRAINT loans_book_id_fkey FOREIGN KEY (book_id) REFERENCES public.books(id) ON DELETE CASCADE;


--
-- Name: loans loans_reader_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.loans
    ADD CONSTRAINT loans_reader_id_fkey FOREIGN KEY (reader_id) REFERENCES public.readers(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--

\unrestrict dbmate


--
-- Dbmate schema migrations
--

INSERT INTO public.schema_migrations (version) VALUES
    ('20250106090000'),
    ('20250106091500'),
    ('20250113100000'),
    ('20250120110000'),
    ('20250203120000'),
    ('20250210130000'),
    ('20250217140000'),
    ('20250218090000'),
    ('20250224150000');
